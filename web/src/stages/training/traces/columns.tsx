/** The columns of the table of traces: what each has, then one for each feedback, expectation and tag. */
import { Text } from "@mantine/core";

import type { Schema } from "~/api/types";
import { duration, number } from "~/ui/format";
import { IdLink, None, StateBadge, TimeAgo } from "~/ui/small";
import type { Column } from "~/ui/Table";

import { fieldOf, quoted } from "../runs/query";
import { SESSION, USER, type TraceNames } from "./grammar";
import { Verdict } from "./Verdict";

export type Trace = Schema<"TraceSummary">;
export type Assessment = Schema<"Assessment">;

const FEEDBACK_SHOWN = 3;

export function columnsOf(names: TraceNames, experiments: Record<string, string>): Column<Trace>[] {
  return [
    { id: "name", title: "Trace", width: 140, sort: "trace.name", cell: (trace) => trace.name || trace.id.slice(0, 11), filter: (trace, but) => (trace.name === "" ? undefined : equal(trace.named ? "trace.name" : "span.name", trace.name, but)) },
    { id: "state", title: "State", width: 116, sort: "trace.status", cell: (trace) => <TraceState state={trace.state} />, filter: (trace, but) => equal("trace.status", trace.state, but) },
    { id: "started", title: "Started", width: 132, sort: "trace.timestamp_ms", cell: (trace) => <TimeAgo at={trace.started_at} plain />, filter: (trace, but) => `trace.timestamp_ms ${but ? "<" : ">="} ${new Date(trace.started_at).getTime()}` },
    { id: "took", title: "Took", width: 92, align: "right", sort: "trace.execution_time_ms", cell: (trace) => (trace.duration_ms === null ? <None why="not ended" /> : duration(trace.duration_ms / 1_000)), filter: (trace, but) => (trace.duration_ms === null ? undefined : `trace.execution_time_ms ${but ? "<" : ">="} ${trace.duration_ms}`) },
    { id: "tokens", title: "Tokens", width: 84, align: "right", hint: "Read and written by language models", cell: (trace) => (trace.tokens ? number(trace.tokens.total) : <None why="no language model" />) },
    ...names.feedback.map((name, place) => judged("feedback", name, place >= FEEDBACK_SHOWN)),
    { id: "request", title: "Request", width: 172, grow: true, cell: (trace) => <Preview text={trace.request} /> },
    { id: "response", title: "Response", width: 172, grow: true, cell: (trace) => <Preview text={trace.response} /> },
    { id: "session", title: "Session", width: 110, hidden: true, cell: (trace) => trace.session ?? <None />, filter: (trace, but) => (trace.session === null ? undefined : equal(SESSION, trace.session, but)) },
    { id: "user", title: "User", width: 100, hidden: true, cell: (trace) => trace.user ?? <None why="unknown" />, filter: (trace, but) => (trace.user === null ? undefined : equal(USER, trace.user, but)) },
    { id: "run", title: "Run", width: 104, hidden: true, cell: (trace) => (trace.run ? <IdLink id={trace.run} /> : <None why="outside of a run" />), filter: (trace, but) => (trace.run === null ? undefined : equal("trace.run_id", trace.run, but)) },
    { id: "experiment", title: "Experiment", width: 130, hidden: true, cell: (trace) => experiments[trace.experiment] ?? trace.experiment },
    { id: "cost", title: "Cost", width: 90, hidden: true, align: "right", hint: "US dollars, as the client told them", cell: (trace) => (trace.cost_usd === null ? <None /> : `$${number(trace.cost_usd)}`) },
    ...names.expectations.map((name) => judged("expectation", name, true)),
    ...names.tags.map((name): Column<Trace> => {
      const field = fieldOf("tag", name);
      return {
        id: `tag:${name}`, title: name, menu: `${name} (tag)`, width: widthOf(name), hidden: true, sort: field,
        cell: (trace) => trace.tags[name] ?? <None why="not set" />,
        filter: (trace, but) => (trace.tags[name] === undefined ? `${field} ${but ? "IS NOT NULL" : "IS NULL"}` : equal(field, trace.tags[name], but)),
      };
    }),
  ];
}

function judged(kind: "feedback" | "expectation", name: string, hidden: boolean): Column<Trace> {
  const field = fieldOf(kind, name);
  const of = (trace: Trace) => trace.assessments.filter((one) => one.kind === kind && one.name === name && one.valid).at(-1);
  return {
    id: `${kind}:${name}`, title: name, menu: `${name} (${kind})`, width: widthOf(name), hidden,
    cell: (trace) => {
      const found = of(trace);
      return found ? <Verdict of={found} /> : <None why="not judged" />;
    },
    filter: (trace, but) => {
      const found = of(trace);
      if (!found) return `${field} ${but ? "IS NOT NULL" : "IS NULL"}`;
      const value: unknown = JSON.parse(found.value);
      if (typeof value === "number") return `${field} ${but ? "<" : ">="} ${value}`;
      return typeof value === "object" ? undefined : equal(field, String(value), but);
    },
  };
}

/** How a trace ended. */
export function TraceState({ state }: { state: Trace["state"] }) {
  return <StateBadge state={{ OK: "ok", ERROR: "failed", IN_PROGRESS: "running", STATE_UNSPECIFIED: "unknown" }[state]} />;
}

function Preview({ text }: { text: string | null }) {
  if (!text) return <None why="empty" />;
  return (
    <Text component="span" inherit truncate title={text}>
      {plainly(text).slice(0, 300)}
    </Text>
  );
}

/** Arguments without their braces: `{"question": "Why?"}` is read as Why?; what is no JSON, or was cut, stays. */
export function plainly(text: string): string {
  if (!/^[{"]/.test(text)) return text;
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === "string") return value;
    const pairs = Object.entries(value as object).map(([key, one]) => [key, typeof one === "string" ? one : JSON.stringify(one)] as const);
    return pairs.length === 1 ? pairs[0]![1] : pairs.map(([key, one]) => `${key}: ${one}`).join(", ") || text;
  } catch {
    return text;
  }
}

function equal(field: string, value: string, but: boolean): string {
  return `${field} ${but ? "!=" : "="} ${quoted(value)}`;
}

function widthOf(title: string): number {
  return Math.min(200, Math.max(96, 50 + title.length * 7.4));
}
