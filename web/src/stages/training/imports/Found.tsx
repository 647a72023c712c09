/** What there is to take over; the reader ticks what is to come. */
import { Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { EmptyState } from "~/ui/notices";
import { Figures, Section } from "~/ui/Page";
import { None, StateBadge, TimeAgo } from "~/ui/small";
import { useUrlState } from "~/ui/state";
import { Table, type Column } from "~/ui/Table";

type Preview = Schema<"ImportPreview">;
type Experiment = Schema<"OldExperiment">;

const COLUMNS: Column<Experiment>[] = [
  { id: "name", title: "Experiment", width: 280, grow: true, by: (row) => row.name, cell: (row) => row.name },
  { id: "state", title: "State", width: 130, cell: (row) => (row.state === "active" ? <StateBadge state="active" /> : <StateBadge state="archived" label="in the bin" />) },
  { id: "runs", title: "Runs", width: 110, align: "right", by: (row) => row.runs, cell: (row) => number(row.runs) },
  { id: "points", title: "Metric values", width: 140, align: "right", by: (row) => row.points, cell: (row) => (row.points === null ? <None why="not counted" /> : number(row.points)) },
  { id: "models", title: "Logged models", width: 140, align: "right", by: (row) => row.models, cell: (row) => number(row.models) },
  { id: "traces", title: "Traces", width: 110, align: "right", by: (row) => row.traces, cell: (row) => (row.traces === null ? <None why="not counted" /> : number(row.traces)) },
  { id: "updated", title: "Changed", width: 130, by: (row) => row.updated_ms, cell: (row) => <TimeAgo at={new Date(row.updated_ms).toISOString()} /> },
];

export function Found({ found, chosen, choose, actions }: { found: Preview; chosen: Set<string> | null; choose: (next: Set<string> | null) => void; actions: ReactNode }) {
  const [view, setView] = useUrlState({ sort: "" });
  const all = found.experiments;
  const taken = chosen === null ? all : all.filter((one) => chosen.has(one.name));
  const sum = (of: (one: Experiment) => number | null) => taken.reduce((total, one) => total + (of(one) ?? 0), 0);
  const counted = taken.every((one) => one.points !== null);
  return (
    <Section title="What would come" note={`A ${found.kind} with ${number(all.length)} experiments. Nothing was taken yet.`} actions={actions}>
      <Stack>
        <Figures
          figures={[
            { label: "experiments", value: number(taken.length), note: chosen === null ? "all of them" : `of ${number(all.length)}` },
            { label: "runs", value: number(sum((one) => one.runs)) },
            { label: "metric values", value: counted ? number(sum((one) => one.points)) : "?", ...(!counted && { note: "counting means reading all" }) },
            { label: "registered models", value: number(found.registered), note: `${number(found.versions)} version${found.versions === 1 ? "" : "s"}; they come along in any case` },
            { label: "prompts", value: number(found.prompts), note: `${number(found.evaluations)} evaluation dataset${found.evaluations === 1 ? "" : "s"}, ${number(found.webhooks)} webhook${found.webhooks === 1 ? "" : "s"}` },
          ]}
        />
        <Table
          id="import-experiments"
          label="Experiments there"
          columns={COLUMNS}
          rows={all}
          rowId={(row) => row.name}
          sort={view.sort}
          onSort={(sort) => setView({ sort })}
          selection={{ chosen: chosen ?? new Set(all.map((one) => one.name)), choose: (next) => choose(next.size === all.length ? null : next) }}
          maxHeight="28rem"
          empty={<EmptyState title="There is no experiment there" />}
        />
        {chosen?.size === 0 && <Text size="sm" c="dimmed">Tick at least one experiment.</Text>}
      </Stack>
    </Section>
  );
}
