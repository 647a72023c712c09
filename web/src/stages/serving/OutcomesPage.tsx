import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { instant } from "./answers";

type Outcome = Schema<"Outcome">;

const COLUMNS: Column<Outcome>[] = [
  { id: "prediction", title: "Names the prediction", width: 300, grow: true, cell: (row) => row.prediction_id },
  { id: "name", title: "Outcome", width: 120, cell: (row) => row.name },
  { id: "value", title: "Value", width: 90, align: "right", cell: (row) => number(row.value) },
  { id: "seq", title: "Correction", width: 110, align: "right", cell: (row) => row.seq },
  { id: "at", title: "Happened (UTC)", width: 170, cell: (row) => instant(row.at) },
  { id: "recorded", title: "Told", width: 140, cell: (row) => <TimeAgo at={row.recorded_at} /> },
];

/** Outcomes kept aside until their prediction is known. */
export default function OutcomesPage() {
  const { data, error, isPending, refetch } = useGet("/api/v1/outcomes/waiting", { query: { limit: 1000 } });
  return (
    <Page
      title="Waiting outcomes"
      crumbs={[{ title: "Serving", to: "/serving" }]}
      lead="They name a prediction that nobody has made (yet). One that comes early is matched by itself; one that stays has probably a wrong id."
    >
      {isPending && <Loading />}
      {error && <ErrorNotice error={error} retry={() => void refetch()} />}
      {data && (
        <Table
          id="waiting-outcomes"
          label="Waiting outcomes"
          columns={COLUMNS}
          rows={data}
          rowId={(row) => `${row.prediction_id}/${row.name}/${row.seq}`}
          empty={
            <EmptyState title="Every outcome found its prediction" recipe={{ cli: `pomona outcomes record --file outcomes.csv`, sdk: `pom.outcomes.record_one(prediction_id, True)` }}>
              Nothing waits. Outcomes come with the id of their prediction, late and as often as one likes.
            </EmptyState>
          }
        />
      )}
    </Page>
  );
}
