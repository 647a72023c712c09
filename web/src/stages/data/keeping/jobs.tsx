import { Anchor, Group, Progress, Text } from "@mantine/core";
import { useEffect, type ReactNode } from "react";
import { Link } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice } from "~/ui/notices";

type Job = Schema<"Job">;

/** Follows a job until it has ended: a bar, then what it said. */
export function JobProgress({ id, done }: { id: string; done: (job: Job) => ReactNode }) {
  const { data, error, refetch } = useGet("/api/v1/jobs/{job_id}", { path: { job_id: id } });
  const open = data === undefined || data.state === "queued" || data.state === "running";
  useEffect(() => {
    const timer = open ? setInterval(() => void refetch(), 700) : undefined;
    return () => clearInterval(timer);
  }, [open, refetch]);
  if (error) return <ErrorNotice error={error} />;
  if (!data) return null;
  if (open) {
    return (
      <div role="status">
        <Text size="sm">{data.note || "It waits for the worker."}</Text>
        <Progress value={100 * data.progress} animated mt={6} aria-label="progress" />
      </div>
    );
  }
  if (data.state === "done") return <div role="status">{done(data)}</div>;
  return (
    <Group gap="xs">
      <Text size="sm" c="pomegranate">{`The job ended as ${data.state}: ${data.error ?? ""}`}</Text>
      <Anchor component={Link} to={`/loop/jobs/${data.id}`} size="sm">
        Its log
      </Anchor>
    </Group>
  );
}
