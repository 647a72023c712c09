import { Group, Progress, SegmentedControl, Text } from "@mantine/core";

import { usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { duration } from "~/ui/format";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { None, StateBadge, TimeAgo } from "~/ui/small";
import { useUrlState } from "~/ui/state";
import { Table, type Column } from "~/ui/Table";

import { By } from "../names";

type Job = Schema<"Job">;

const STATES = ["running", "queued", "done", "failed", "parked", "cancelled"];

const COLUMNS: Column<Job>[] = [
  { id: "kind", title: "Job", width: 130, cell: (row) => row.kind },
  { id: "state", title: "State", width: 116, cell: (row) => <StateBadge state={row.state} /> },
  { id: "progress", title: "Progress", width: 120, cell: (row) => <Progress w={90} value={row.progress * 100} color={row.state === "failed" ? "pomegranate" : "leaf"} aria-label={`${Math.round(row.progress * 100)} percent done`} /> },
  { id: "note", title: "What it did last", width: 260, grow: true, cell: (row) => <span title={row.error ?? row.note}>{row.error ?? (row.note || <None />)}</span> },
  { id: "took", title: "Took", width: 100, align: "right", cell: (row) => tookText(row) ?? <None why="not ended" /> },
  { id: "failures", title: "Failures", width: 90, align: "right", hidden: true, cell: (row) => row.failures },
  { id: "actor", title: "By", width: 90, cell: (row) => <By actor={row.actor} /> },
  { id: "created", title: "Queued", width: 130, cell: (row) => <TimeAgo at={row.created_at} /> },
];

export function tookText(job: Job): string | undefined {
  if (!job.started_at || !job.finished_at) return undefined;
  return duration((Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1_000);
}

/** Durable work, newest first. */
export default function JobsPage() {
  const [view, setView] = useUrlState({ state: "", kind: "" });
  const pages = usePages("/api/v1/jobs", { query: { job_state: view.state || null, kind: view.kind || null } });
  return (
    <Page title="Jobs" crumbs={[{ title: "The loop", to: "/loop" }]} lead="Work that outlives its worker: a job that is interrupted goes on where it stood.">
      <Table
        id="jobs"
        label="Jobs"
        columns={COLUMNS}
        pages={pages}
        rowId={(row) => row.id}
        href={(row) => `/loop/jobs/${row.id}`}
        toolbar={
          <Group gap="xs">
            <SegmentedControl size="xs" aria-label="State" value={view.state} onChange={(state) => setView({ state })} data={[{ value: "", label: "All" }, ...STATES.map((state) => ({ value: state, label: state }))]} />
          </Group>
        }
        empty={
          view.state || view.kind ? (
            <EmptyState title="No job fits this filter">Show all to see the others.</EmptyState>
          ) : (
            <EmptyState title="No work was queued yet" recipe={{ cli: `pomona train run late-flights`, sdk: `pom.training.run("late-flights")` }}>
              <Text span>Trainings and retrainings run as jobs; a person or a trigger queues them.</Text>
            </EmptyState>
          )
        }
      />
    </Page>
  );
}
