import { usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { None, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { RecordLink } from "../names";
import { selectorInWords } from "./selector";

type Entry = Schema<"TrainingEntry">;

export const ENTRY_RECIPE = {
  cli: `pomona train store flight-delay train.py --data flights --model flight-delay -p max_iter=200\npomona train run flight-delay`,
  sdk: `pom.training.store("flight-delay", script="train.py", data="flights", model="flight-delay", params={"max_iter": 200})\npom.training.run("flight-delay")`,
};

const COLUMNS: Column<Entry>[] = [
  { id: "name", title: "Entry", width: 170, cell: (row) => row.name },
  { id: "version", title: "Version", width: 80, cell: (row) => `v${row.number}` },
  { id: "script", title: "Script", width: 130, cell: (row) => row.script },
  { id: "data", title: "Learns from", width: 240, grow: true, cell: (row) => <span title={selectorInWords(row.data)}>{selectorInWords(row.data)}</span> },
  { id: "model", title: "Registers", width: 140, cell: (row) => row.model ?? <None why="registers nothing" /> },
  { id: "hypothesis", title: "Hypothesis", width: 130, cell: (row) => (row.hypothesis ? <RecordLink id={row.hypothesis} /> : <None />) },
  { id: "stored", title: "Stored", width: 130, cell: (row) => <TimeAgo at={row.created_at} /> },
];

/** The newest version of each training entry. */
export default function EntriesPage() {
  const pages = usePages("/api/v1/entries", { query: { limit: 200 } });
  const seen = new Set<string>();
  const newest = pages.rows.filter((row) => !seen.has(row.name) && seen.add(row.name));
  return (
    <Page title="Training entries" lead="A script with the data it learns from: it can be run again whenever there is newer data, by a person or by the loop.">
      <Table
        id="entries"
        label="Training entries"
        columns={COLUMNS}
        pages={{ ...pages, rows: newest }}
        rowId={(row) => row.id}
        href={(row) => `/training/entries/${row.id}`}
        empty={
          <EmptyState title="No training entry yet" recipe={ENTRY_RECIPE}>
            Store a script once; from then on it can be trained on newer data with one click, on a schedule, or when the data drifts.
          </EmptyState>
        }
      />
    </Page>
  );
}
