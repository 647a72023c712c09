/** The columns of the table of runs: what every run has, then a column for each metric, param and tag. */
import type { Schema } from "~/api/types";
import { duration, number } from "~/ui/format";
import { None, StateBadge, TimeAgo } from "~/ui/small";
import type { Column } from "~/ui/Table";

import { RecordLink } from "../../names";
import { fieldOf, quoted, type Entity, type Names } from "./query";

export type Run = Schema<"RunSummary">;

export const METRICS_SHOWN = 3;
export const PARAMS_SHOWN = 2;

/** Names in use, those that the rows have most often first. */
export function namesOf(rows: Run[], all?: Names): Names {
  const joined = (seen: string[], rest: string[] = []) => [...new Set([...seen, ...rest])];
  return {
    metrics: joined(common(rows, (run) => run.metrics), all?.metrics),
    params: joined(common(rows, (run) => run.params), all?.params),
    tags: joined([], all?.tags),
  };
}

/** The keys that rows have, the most frequent first. */
export function common(rows: Run[], of: (run: Run) => Record<string, unknown>): string[] {
  const counts = new Map<string, number>();
  for (const row of rows) for (const key of Object.keys(of(row))) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([key]) => key);
}

/** The params in which the rows differ; one that only some have differs, too. */
export function differing(rows: Run[]): string[] {
  return common(rows, (run) => run.params).filter((key) => rows.some((run) => run.params[key] !== rows[0]!.params[key]));
}

export interface ColumnsAsked {
  names: Names;
  withHypothesis?: boolean;
  /** Metrics and params shown at first; default: the first three and two. */
  metrics?: string[];
  params?: string[];
  /** Which value of a metric is shown: "min"; part of its title. */
  stat?: string;
}

export function columnsOf({ names, withHypothesis = false, metrics, params, stat }: ColumnsAsked): Column<Run>[] {
  const measured = new Set(metrics ?? names.metrics.slice(0, METRICS_SHOWN));
  const shown = new Set(params ?? names.params.slice(0, PARAMS_SHOWN));
  return [
    {
      id: "name", title: "Run", width: 150, grow: true, sort: "attributes.run_name",
      cell: (run) => run.name || run.id.slice(0, 8),
      filter: (run, but) => equal("attributes.run_name", run.name, but),
    },
    { id: "status", title: "Status", width: 118, sort: "attributes.status", cell: (run) => <StateBadge state={run.status} />, filter: (run, but) => equal("attributes.status", run.status, but) },
    { id: "started", title: "Started", width: 138, sort: "attributes.start_time", cell: (run) => <TimeAgo at={run.started_at} plain />, filter: (run, but) => `attributes.start_time ${but ? "<" : ">="} ${new Date(run.started_at).getTime()}` },
    { id: "took", title: "Took", width: 108, align: "right", cell: (run) => took(run) ?? <None why="not ended" /> },
    ...(withHypothesis
      ? [{ id: "hypothesis", title: "Hypothesis", width: 130, cell: (run: Run) => (run.hypothesis ? <RecordLink id={run.hypothesis} /> : <None why="tests no hypothesis" />) }]
      : []),
    ...names.metrics.map((key) => metric(key, !measured.has(key), stat)),
    ...names.params.map((key) => pair("params", "param", key, !shown.has(key))),
    { id: "user", title: "User", width: 100, hidden: true, sort: "attributes.user_id", cell: (run) => run.user || <None />, filter: (run, but) => equal("attributes.user_id", run.user, but) },
    ...names.tags.map((key) => pair("tags", "tag", key, true)),
  ];
}

function metric(key: string, hidden: boolean, stat?: string): Column<Run> {
  const field = fieldOf("metrics", key);
  return {
    id: `metric:${key}`, title: stat ? `${key} (${stat})` : key, menu: `${key} (metric)`, width: widthOf(key) + (stat ? 40 : 0), align: "right", sort: field, hidden,
    ...(stat && { hint: "Sorted and filtered by the last value" }),
    cell: (run) => (run.metrics[key] === undefined ? <None why="not measured" /> : number(run.metrics[key])),
    filter: (run, but) => (run.metrics[key] === undefined ? undefined : `${field} ${but ? "<" : ">="} ${run.metrics[key]}`),
  };
}

function pair(entity: Entity & ("params" | "tags"), kind: string, key: string, hidden: boolean): Column<Run> {
  const field = fieldOf(entity, key);
  return {
    id: `${kind}:${key}`, title: key, menu: `${key} (${kind})`, width: widthOf(key), sort: field, hidden,
    cell: (run) => run[entity][key] ?? <None why="not set" />,
    filter: (run, but) => {
      const value = run[entity][key];
      return value === undefined ? `${field} ${but ? "IS NOT NULL" : "IS NULL"}` : equal(field, value, but);
    },
  };
}

function equal(field: string, value: string, but: boolean): string {
  return `${field} ${but ? "!=" : "="} ${quoted(value)}`;
}

function widthOf(title: string): number {
  return Math.min(240, Math.max(100, 50 + title.length * 7.4));
}

/** How long a run took; undefined while it runs. */
export function took(run: Run): string | undefined {
  return run.ended_at ? duration((new Date(run.ended_at).getTime() - new Date(run.started_at).getTime()) / 1_000) : undefined;
}
