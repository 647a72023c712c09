import { useGet, usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { None, StateBadge, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { registry } from ".";
import { Aliases } from "./Aliases";

type Model = Schema<"RegisteredModel">;

const COLUMNS: Column<Model>[] = [
  { id: "name", title: "Model", width: 190, cell: (row) => row.name },
  { id: "latest", title: "Newest", width: 90, cell: (row) => (row.latest === null ? <None why="no version" /> : `v${row.latest}`) },
  { id: "champion", title: "Champion", width: 110, cell: (row) => (row.aliases.champion === undefined ? <None why="no champion" /> : `v${row.aliases.champion}`) },
  { id: "gate", title: "Gate of the newest", width: 150, cell: (row) => <NewestGate row={row} /> },
  { id: "aliases", title: "Other names", width: 150, cell: (row) => <Aliases names={others(row)} /> },
  { id: "description", title: "What it is", width: 160, grow: true, cell: (row) => <span title={row.description}>{row.description || <None />}</span> },
  { id: "updated", title: "Changed", width: 130, cell: (row) => <TimeAgo at={row.updated_at} /> },
];

function others(row: Model): string[] {
  return Object.entries(row.aliases).flatMap(([alias, number]) => (alias === "champion" ? [] : [`${alias} → v${number}`]));
}

function NewestGate({ row }: { row: Model }) {
  const { data } = useGet("/api/v1/models/{name}", { path: { name: row.name } });
  const gate = data?.gates.find((one) => one.number === row.latest);
  if (!gate) return <None why="not checked" />;
  return <span title={gate.reason}>{gate.passed ? <StateBadge state="passed" /> : <StateBadge state="refused" />}</span>;
}

/** Every registered model. */
export default function ModelsPage() {
  const pages = usePages("/api/v1/models", {});
  return (
    <Page title="Models" lead={registry.does}>
      <Table
        id="models"
        label="Models"
        columns={COLUMNS}
        pages={pages}
        rowId={(row) => row.id}
        href={(row) => `/registry/${row.id}`}
        empty={
          <EmptyState title="No model yet" recipe={registry.start}>
            Register what a run logged: it becomes version 1 of its name, with every file under its digest.
          </EmptyState>
        }
      />
    </Page>
  );
}
