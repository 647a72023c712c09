import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { ApiError, problemFrom } from "~/api/problem";
import type { Schema } from "~/api/types";
import { ErrorNotice, Loading } from "~/ui/notices";

import classes from "./loop.module.css";

/** The log so far; it grows while the job is at work, and the end stays in view. */
export function JobLog({ job }: { job: Schema<"Job"> }) {
  const open = job.state === "queued" || job.state === "running";
  const box = useRef<HTMLPreElement>(null);
  const { data, error, isPending } = useQuery({
    queryKey: ["job log", job.id, job.state],
    queryFn: async () => {
      const response = await fetch(`/api/v1/jobs/${job.id}/log`);
      if (!response.ok) throw new ApiError(problemFrom(await response.json().catch(() => null), response.status));
      return response.text();
    },
    refetchInterval: open ? 2_000 : false,
  });
  useEffect(() => {
    if (open) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [data, open]);
  if (isPending) return <Loading lines={4} />;
  if (error) return <ErrorNotice error={error} />;
  if (data.trim() === "") return <Text c="dimmed">{open ? "Nothing yet." : "Nothing."}</Text>;
  return (
    <pre ref={box} className={classes.log} tabIndex={0} role="region" aria-label="Log">
      {data}
    </pre>
  );
}
