/** What a run measured: a number where one value was logged, a line where there were many. */
import { Anchor, SimpleGrid, Stack, Text } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { useState } from "react";

import { read } from "~/api/queries";
import type { Schema } from "~/api/types";
import { Chart } from "~/ui/Chart";
import { number } from "~/ui/format";
import { ErrorNotice } from "~/ui/notices";

import classes from "./training.module.css";

const AT_FIRST = 24;
const POINTS = 400;
const EVERY_MS = 2_500;

export function Metrics({ run }: { run: Schema<"RunSummary"> }) {
  const [all, showAll] = useState(false);
  const keys = Object.keys(run.metrics).sort();
  const shown = all ? keys : keys.slice(0, AT_FIRST);
  const running = run.status === "RUNNING";
  const histories = useQueries({
    queries: shown.map((key) => {
      const params = { path: { run_id: run.id, key }, query: { points: POINTS } };
      return {
        queryKey: ["/api/v1/runs/{run_id}/metrics/{key}", params],
        queryFn: () => read("/api/v1/runs/{run_id}/metrics/{key}", params),
        meta: { immutable: !running },
        refetchInterval: running ? EVERY_MS : (false as const), // logged metrics are no events, so nobody tells of them
      };
    }),
  });
  const failed = histories.find((one) => one.error)?.error;
  const curves = histories.flatMap(({ data }) => (data && data.total > 1 ? [data] : []));
  const curved = new Set(curves.map((curve) => curve.key));
  const single = shown.filter((key) => !curved.has(key));
  return (
    <Stack>
      {failed && <ErrorNotice error={failed} />}
      {single.length > 0 && (
        <dl className={classes.metrics}>
          {single.map((key) => (
            <div key={key}>
              <dt title={key}>{key}</dt>
              <dd title={String(run.metrics[key])}>{number(run.metrics[key]!)}</dd>
            </div>
          ))}
        </dl>
      )}
      {curves.length > 0 && (
        <SimpleGrid cols={{ base: 1, md: curves.length === 1 ? 1 : 2 }} spacing="xl">
          {curves.map((curve) => (
            <Curve key={curve.key} history={curve} />
          ))}
        </SimpleGrid>
      )}
      {!all && keys.length > AT_FIRST && (
        <Anchor component="button" type="button" size="sm" onClick={() => showAll(true)}>
          {`Show all ${keys.length} metrics`}
        </Anchor>
      )}
    </Stack>
  );
}

function Curve({ history }: { history: Schema<"MetricHistory"> }) {
  const steps = new Set(history.points.map((point) => point.step));
  const byStep = steps.size === history.points.length;
  const thinned = history.total > history.points.length;
  return (
    <div>
      <Text fw={600} size="sm">
        {history.key}
      </Text>
      <Text size="xs" c="dimmed">
        {`${history.total.toLocaleString("en-US")} values by ${byStep ? "step" : "time"}${thinned ? `, ${history.points.length} drawn` : ""}; drag to zoom`}
      </Text>
      <Chart
        kind="line"
        label={`${history.key} by ${byStep ? "step" : "time"}`}
        x={byStep ? "number" : "time"}
        height={190}
        series={[{ name: history.key, x: history.points.map((point) => (byStep ? point.step : point.timestamp)), y: history.points.map((point) => point.value) }]}
      />
    </div>
  );
}
