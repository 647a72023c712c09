import { Alert, Button, Group, Progress, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconRefresh } from "@tabler/icons-react";
import { useParams } from "react-router";

import { api } from "~/api/client";
import { useGet, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Confirm } from "~/ui/notices";
import { Facts, Page, Section } from "~/ui/Page";
import { IdLink, StateBadge, TimeAgo } from "~/ui/small";

import { By, Reason } from "../names";
import { Ties } from "../ties";
import { JobLog } from "./JobLog";
import { tookText } from "./JobsPage";
import classes from "./loop.module.css";

type Job = Schema<"Job">;
const ASK_EVERY_MS = 2_000; // progress is no event

/** A job: how far it is, what it has done, what it said. */
export default function JobPage() {
  const { id = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/jobs/{job_id}", { path: { job_id: id } }, { refetchInterval: ASK_EVERY_MS });
  if (!data) {
    return (
      <Page title="Job" crumbs={[{ title: "Jobs", to: "/loop/jobs" }]}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown job={data} />;
}

function Shown({ job }: { job: Job }) {
  const path = { params: { path: { job_id: job.id } } };
  const retry = useSend(() => api.POST("/api/v1/jobs/{job_id}/retry", path));
  const cancel = useSend(() => api.POST("/api/v1/jobs/{job_id}/cancel", path));
  const links = useGet("/api/v1/links/{record_id}", { path: { record_id: job.id } });
  const open = job.state === "queued" || job.state === "running";
  const again = job.state === "failed" || job.state === "parked" || job.state === "cancelled";
  return (
    <Page
      title={`${job.kind} job`}
      crumbs={[
        { title: "The loop", to: "/loop" },
        { title: "Jobs", to: "/loop/jobs" },
      ]}
      badge={<StateBadge state={job.state} />}
      lead={job.note ? <Reason text={job.note} /> : undefined}
      actions={
        <>
          {again && (
            <Button leftSection={<IconRefresh size={16} aria-hidden />} loading={retry.isPending} onClick={() => retry.mutate(undefined)}>
              Try it again
            </Button>
          )}
          {open && (
            <Confirm label="Cancel it" title="Cancel this job?" danger busy={cancel.isPending || job.cancel_requested} onConfirm={() => cancel.mutate(undefined)}>
              What it has finished stays; the rest is not done.
            </Confirm>
          )}
        </>
      }
    >
      {retry.isError && <ErrorNotice error={retry.error} />}
      {cancel.isError && <ErrorNotice error={cancel.error} />}
      {job.error && (
        <Alert color="pomegranate" icon={<IconAlertTriangle size={20} aria-hidden />} title={job.error} role="alert">
          {job.hint}
        </Alert>
      )}
      <Section title="How far it is">
        <Stack>
          <Progress value={job.progress * 100} size="lg" color={job.state === "failed" ? "pomegranate" : "leaf"} animated={job.state === "running"} aria-label="Progress" />
          <Steps job={job} />
        </Stack>
      </Section>
      <Section title="What it said">
        <JobLog job={job} />
      </Section>
      <Section title="What it was given, what it came to">
        <Facts facts={[...plainFacts(job.payload), ...plainFacts(job.result)]} />
      </Section>
      <Section title="About">
        <Facts
          facts={[
            ["queued", <span key="queued"><By actor={job.actor} />, <TimeAgo at={job.created_at} /></span>],
            ["started", job.started_at ? <TimeAgo key="started" at={job.started_at} /> : null],
            ["took", tookText(job)],
            ["begun", job.claims > 1 ? `${job.claims} times` : null],
            ["failures", job.failures > 0 ? `${job.failures} of ${job.max_failures} before it gives up` : null],
            ["id", <IdLink key="id" id={job.id} copy />],
          ]}
        />
      </Section>
      {links.data && <Ties id={job.id} links={links.data} />}
    </Page>
  );
}

function Steps({ job }: { job: Job }) {
  const { data } = useGet("/api/v1/jobs/{job_id}/steps", { path: { job_id: job.id } }, { refetchInterval: ASK_EVERY_MS });
  if (!data || data.length === 0) return <Text c="dimmed">{job.state === "queued" ? "It waits for a worker." : "No step is finished yet."}</Text>;
  return (
    <ol className={classes.steps} aria-label="Finished steps">
      {data.map((step) => (
        <li key={step.id}>
          <IconCheck size={15} stroke={2.4} aria-hidden />
          <span>{step.name}</span>
          <Text span size="sm" c="dimmed">
            <TimeAgo at={step.finished_at} />
          </Text>
        </li>
      ))}
    </ol>
  );
}

/** The plain fields of a payload or a result; what is nested is for programs. */
function plainFacts(value: unknown): [string, React.ReactNode][] {
  if (typeof value !== "object" || value === null) return value == null ? [] : [["result", String(value)]];
  return Object.entries(value).flatMap(([name, one]): [string, React.ReactNode][] =>
    one === null || typeof one === "object" || one === "" ? [] : [[name.replaceAll("_", " "), <Group key={name} gap={0} display="inline"><Reason text={String(one)} /></Group>]],
  );
}
