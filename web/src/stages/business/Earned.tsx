/** What an endpoint that tests a hypothesis has earned so far. */
import { Anchor, Group, Stack, Text } from "@mantine/core";
import { Link } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { Chart } from "~/ui/Chart";
import { money } from "~/ui/format";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Money } from "~/ui/small";

const MONTH = new Intl.DateTimeFormat(undefined, { month: "short", year: "numeric", timeZone: "UTC" });

export function Earned({ endpoint }: { endpoint: Schema<"Endpoint"> }) {
  const priced = endpoint.payoffs !== null;
  const { data, error, isPending } = useGet("/api/v1/endpoints/{name}/value", { path: { name: endpoint.name }, query: { period: "month" } }, { enabled: priced });
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Anchor component={Link} to={`/releases/endpoints/${endpoint.id}`} fw={600}>
          {endpoint.name}
        </Anchor>
        {data && (
          <Text size="sm" component="div">
            <Money amount={data.uplift} currency={data.currency} signed /> more than without a model, on {data.matched.toLocaleString("en-US")} known outcomes
          </Text>
        )}
      </Group>
      {!priced && <Text c="dimmed">Its answers have no price, so no money is counted.</Text>}
      {priced && isPending && <Loading lines={2} />}
      {error && <ErrorNotice error={error} />}
      {data && data.rows.length > 0 && (
        <Chart kind="bars" label={`Gain of ${endpoint.name} by month`} format={(value) => money(value, data.currency)} height={170} bars={months(data.rows)} />
      )}
      {data && data.rows.length === 0 && <Text c="dimmed">No outcome is known yet; money is counted when the first arrives.</Text>}
    </Stack>
  );
}

function months(rows: Schema<"ValueLedger">["rows"]) {
  const sums = new Map<string, number>();
  for (const row of [...rows].sort((a, b) => a.period.localeCompare(b.period))) sums.set(row.period, (sums.get(row.period) ?? 0) + Number(row.uplift));
  return [...sums].map(([period, value]) => ({ label: MONTH.format(new Date(period)), value }));
}
