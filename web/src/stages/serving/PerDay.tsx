/** How many predictions each day had, and of how many the outcome is known. */
import { Anchor } from "@mantine/core";
import { Link } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { Chart } from "~/ui/Chart";
import { number } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading } from "~/ui/notices";
import { Section } from "~/ui/Page";

import { serving } from ".";

export function PerDay({ endpoint }: { endpoint: Schema<"Endpoint"> }) {
  const { data, error, isPending } = useGet("/api/v1/endpoints/{name}/value", { path: { name: endpoint.name }, query: { period: "day" } });
  const days = data ? daysOf(data.rows) : [];
  const all = (
    <Anchor component={Link} size="sm" to={`/serving/predictions?endpoint=${encodeURIComponent(endpoint.name)}`}>
      See every prediction
    </Anchor>
  );
  return (
    <Section title="Predictions per day" note={data && data.predictions > 0 ? `${number(data.predictions)} in all, on ${days.length} days of event time; the outcome of ${number(data.matched)} is known.` : undefined} actions={all}>
      {isPending && <Loading lines={4} />}
      {error && <ErrorNotice error={error} />}
      {data && days.length === 0 && (
        <EmptyState title="Nobody asked yet" recipe={serving.start}>
          Each answer appears here within a second, with the version that gave it.
        </EmptyState>
      )}
      {days.length > 0 && (
        <Chart
          kind="line"
          label={`Predictions of ${endpoint.name} per day`}
          x="time"
          height={210}
          format={(value) => number(Math.round(value))}
          series={[
            { name: "predictions", x: days.map((day) => day.at), y: days.map((day) => day.predictions) },
            { name: "outcome known", x: days.map((day) => day.at), y: days.map((day) => day.matched), dashed: true },
          ]}
        />
      )}
    </Section>
  );
}

interface Day {
  at: number;
  predictions: number;
  matched: number;
}

/** The rows of a ledger by day, all versions together, in order. */
export function daysOf(rows: Schema<"ValueRow">[]): Day[] {
  const days = new Map<number, Day>();
  for (const row of rows) {
    const at = Date.parse(row.period);
    const day = days.get(at) ?? { at, predictions: 0, matched: 0 };
    days.set(at, { at, predictions: day.predictions + row.predictions, matched: day.matched + row.matched });
  }
  return [...days.values()].sort((a, b) => a.at - b.at);
}
