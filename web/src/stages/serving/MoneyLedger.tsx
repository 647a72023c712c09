/** What an endpoint earned: by period and version, with and without the model. */
import { SegmentedControl, Stack, Text } from "@mantine/core";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Figures, Section } from "~/ui/Page";
import { Money, None, StateBadge } from "~/ui/small";
import { useUrlState } from "~/ui/state";
import { Table, type Column } from "~/ui/Table";

import { RecordLink } from "../names";
import { useVersionNames } from "../releases/versions";
import { Piles } from "./Piles";
import { periodText, pilesOf } from "./money";

type Row = Schema<"ValueRow">;

export function MoneyLedger({ endpoint }: { endpoint: Schema<"Endpoint"> }) {
  const [view, setView] = useUrlState({ period: "month" });
  const period = view.period === "day" ? "day" : "month";
  const { data, error, isPending } = useGet("/api/v1/endpoints/{name}/value", { path: { name: endpoint.name }, query: { period } });
  const name = useVersionNames(endpoint.model);
  const choice = (
    <SegmentedControl
      size="xs"
      aria-label="Length of a period"
      value={period}
      onChange={(chosen) => setView({ period: chosen })}
      data={[{ value: "month", label: "By month" }, { value: "day", label: "By day" }]}
    />
  );
  return (
    <Section title="The ledger of money" note="Counted from known outcomes at the prices of the hypothesis, beside what the same cases earn without a model." actions={choice}>
      {isPending && <Loading />}
      {error && <ErrorNotice error={error} />}
      {data && data.matched === 0 && <Text c="dimmed">No outcome is known yet; money is counted when the first arrives.</Text>}
      {data && data.matched > 0 && (
        <Stack gap="lg">
          <Sums ledger={data} />
          <Piles {...pilesOf(data.rows)} kind={data.period} currency={data.currency} nameOf={name} />
          <Table id={`money-${endpoint.name}`} label="Money by period and version" columns={columnsOf(data)} rows={[...data.rows].reverse()} rowId={(row) => `${row.period}${row.release}${row.arm}${row.model_version}`} empty={null} maxHeight="26rem" />
        </Stack>
      )}
    </Section>
  );
}

function Sums({ ledger }: { ledger: Schema<"ValueLedger"> }) {
  return (
    <Figures
      figures={[
        { label: "With the model", value: <Money amount={ledger.value} currency={ledger.currency} /> },
        { label: "Without it", value: <Money amount={ledger.value_without} currency={ledger.currency} /> },
        { label: "Gained by it", value: <Money amount={ledger.uplift} currency={ledger.currency} signed /> },
        { label: "Per known outcome", value: <Money amount={(Number(ledger.uplift) / ledger.matched).toFixed(2)} currency={ledger.currency} signed /> },
      ]}
    />
  );
}

function columnsOf({ currency, period }: Schema<"ValueLedger">): Column<Row>[] {
  return [
    { id: "period", title: period === "month" ? "Month" : "Day", width: 110, cell: (row) => periodText(row.period, period) },
    { id: "version", title: "Version", width: 150, cell: (row) => <RecordLink id={row.model_version} /> },
    { id: "arm", title: "As", width: 120, cell: (row) => <StateBadge state={row.arm} /> },
    { id: "predictions", title: "Predictions", width: 110, align: "right", cell: (row) => number(row.predictions) },
    { id: "matched", title: "Outcomes", width: 110, align: "right", cell: (row) => number(row.matched) },
    { id: "value", title: "With the model", width: 140, align: "right", cell: (row) => <Money amount={row.value} currency={currency} /> },
    { id: "without", title: "Without it", width: 120, align: "right", cell: (row) => <Money amount={row.value_without} currency={currency} /> },
    { id: "uplift", title: "Gained", width: 120, align: "right", cell: (row) => <Money amount={row.uplift} currency={currency} signed /> },
    { id: "each", title: "Per outcome", width: 120, align: "right", grow: true, cell: (row) => (row.matched > 0 ? <Money amount={(Number(row.uplift) / row.matched).toFixed(2)} currency={currency} signed /> : <None why="no outcome" />) },
    { id: "release", title: "Release", width: 130, hidden: true, cell: (row) => <RecordLink id={row.release} /> },
  ];
}
