import { useMemo, type ReactNode } from "react";

import type { Pages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { duration, number } from "~/ui/format";
import { None, StateBadge, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { RecordLink } from "../names";

type Run = Schema<"RunSummary">;

const METRICS_SHOWN = 3;
const PARAMS_SHOWN = 2;

/** Runs with a column for each metric and parameter that any of them has; the most common are shown first. */
export function RunsTable(props: {
  id: string;
  pages: Pages<Run>;
  empty: ReactNode;
  toolbar?: ReactNode;
  sort?: string;
  onSort?: (sort: string) => void;
  withHypothesis?: boolean;
  /** Metrics that come before all others, as far as any run has them. */
  first?: string[];
}) {
  const { rows } = props.pages;
  const metrics = useMemo(() => leading(common(rows, (run) => run.metrics), props.first ?? []), [rows, props.first]);
  const params = useMemo(() => common(rows, (run) => run.params), [rows]);
  const names = JSON.stringify([metrics, params]);
  const columns = useMemo(() => columnsOf(metrics, params, props.withHypothesis ?? false), [names, props.withHypothesis]);
  return (
    <Table
      key={names}
      id={props.id}
      label="Runs"
      columns={columns}
      pages={props.pages}
      rowId={(run) => run.id}
      href={(run) => `/training/runs/${run.id}`}
      empty={props.empty}
      toolbar={props.toolbar}
      {...(props.sort !== undefined && { sort: props.sort })}
      {...(props.onSort && { onSort: props.onSort })}
    />
  );
}

/** The keys that rows have, the most frequent first. */
export function common(rows: Run[], of: (run: Run) => Record<string, unknown>): string[] {
  const counts = new Map<string, number>();
  for (const row of rows) for (const key of Object.keys(of(row))) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([key]) => key);
}

/** The same names, those of `first` before the others. */
function leading(names: string[], first: string[]): string[] {
  return [...first.filter((name) => names.includes(name)), ...names.filter((name) => !first.includes(name))];
}

function columnsOf(metrics: string[], params: string[], withHypothesis: boolean): Column<Run>[] {
  return [
    { id: "name", title: "Run", width: 150, grow: true, sort: "attributes.run_name", cell: (run) => run.name || run.id.slice(0, 8) },
    { id: "status", title: "Status", width: 110, sort: "attributes.status", cell: (run) => <StateBadge state={run.status} /> },
    { id: "started", title: "Started", width: 130, sort: "attributes.start_time", cell: (run) => <TimeAgo at={run.started_at} /> },
    { id: "took", title: "Took", width: 86, align: "right", cell: (run) => took(run) ?? <None why="not ended" /> },
    ...(withHypothesis
      ? [{ id: "hypothesis", title: "Hypothesis", width: 130, cell: (run: Run) => (run.hypothesis ? <RecordLink id={run.hypothesis} /> : <None why="tests no hypothesis" />) }]
      : []),
    ...metrics.slice(0, 40).map(
      (key, place): Column<Run> => ({
        id: `metric:${key}`, title: key, width: widthOf(key), align: "right", sort: `metrics.\`${key}\``, hidden: place >= METRICS_SHOWN,
        cell: (run) => (run.metrics[key] === undefined ? <None why="not measured" /> : number(run.metrics[key])),
      }),
    ),
    ...params.slice(0, 40).map(
      (key, place): Column<Run> => ({
        id: `param:${key}`, title: key, width: widthOf(key), sort: `params.\`${key}\``, hidden: place >= PARAMS_SHOWN,
        cell: (run) => run.params[key] ?? <None why="not set" />,
      }),
    ),
    { id: "user", title: "User", width: 90, hidden: true, cell: (run) => run.user || <None /> },
  ];
}

function widthOf(title: string): number {
  return Math.min(240, Math.max(96, 44 + title.length * 7));
}

/** How long a run took; undefined while it runs. */
export function took(run: Run): string | undefined {
  return run.ended_at ? duration((new Date(run.ended_at).getTime() - new Date(run.started_at).getTime()) / 1_000) : undefined;
}
