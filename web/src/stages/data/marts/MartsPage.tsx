import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link } from "react-router";

import { usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { None, StateBadge, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { RECIPE, rebuildText } from "./words";

type Status = Schema<"MartStatus">;

const COLUMNS: Column<Status>[] = [
  { id: "name", title: "Mart", width: 180, cell: (row) => row.mart.name },
  { id: "state", title: "Last build", width: 122, cell: (row) => (row.last ? <StateBadge state={row.last.state} {...buildTone(row.last.state)} /> : <None why="never built" />) },
  { id: "version", title: "Version", width: 150, cell: (row) => row.built?.ref ?? <None why="no version yet" /> },
  { id: "rows", title: "Rows", width: 96, align: "right", cell: (row) => (row.built ? number(row.built.rows) : <None />) },
  { id: "when", title: "Built", width: 124, cell: (row) => (row.last ? <TimeAgo at={row.last.started_at} /> : <None />) },
  { id: "stale", title: "Inputs", width: 104, cell: (row) => (row.stale ? <StateBadge state="changed" tone="warn" /> : "as built") },
  { id: "inputs", title: "Reads", width: 200, grow: true, cell: (row) => <span title={row.mart.inputs.join(", ")}>{row.mart.inputs.join(", ") || <None />}</span> },
  { id: "rebuild", title: "Rebuilt", width: 160, cell: (row) => rebuildText(row.mart) },
  { id: "warnings", title: "Warnings", width: 92, align: "right", cell: (row) => (row.mart.warnings.length > 0 ? row.mart.warnings.length : <None />) },
];

/** Built and unchanged are both good ends. */
export function buildTone(state: string): { tone?: "good" } {
  return state === "built" || state === "unchanged" ? { tone: "good" } : {};
}

/** Every mart, newest first. */
export default function MartsPage() {
  const pages = usePages("/api/v1/marts", {});
  return (
    <Page
      title="Marts"
      crumbs={[{ title: "Datasets", to: "/data" }]}
      lead="SQL over dataset versions, kept as versions of its own: each says from which columns of which versions it came."
      actions={
        <Button component={Link} to="/data/marts/new" leftSection={<IconPlus size={16} aria-hidden />}>
          Write a mart
        </Button>
      }
    >
      <Table
        id="marts"
        label="Marts"
        columns={COLUMNS}
        pages={pages}
        rowId={(row) => row.mart.id}
        href={(row) => `/data/marts/${row.mart.id}`}
        empty={
          <EmptyState title="No mart yet" recipe={RECIPE}>
            Join labels with what was known at their time, and keep the result as a dataset that rebuilds itself.
          </EmptyState>
        }
      />
    </Page>
  );
}
