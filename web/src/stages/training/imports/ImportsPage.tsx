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

import { By } from "../../names";
import { RECIPE, totals } from "./words";

type Import = Schema<"Import">;

const COLUMNS: Column<Import>[] = [
  { id: "origin", title: "From", width: 280, cell: (row) => <span title={row.request.origin}>{row.request.origin}</span> },
  { id: "state", title: "State", width: 116, cell: (row) => <StateBadge state={row.state} {...(row.state === "cancelled" && { label: "stopped" })} /> },
  { id: "experiments", title: "Experiments", width: 150, cell: (row) => row.request.experiments.join(", ") || "all" },
  { id: "runs", title: "New runs", width: 100, align: "right", cell: (row) => (row.report ? number(totals(row.report).fresh) : <None why="not ended" />) },
  { id: "note", title: "What it came to", width: 260, grow: true, cell: (row) => <span title={row.error ?? row.note}>{row.error ?? (row.note || <None />)}</span> },
  { id: "actor", title: "By", width: 90, cell: (row) => <By actor={row.actor} /> },
  { id: "created", title: "Begun", width: 130, cell: (row) => <TimeAgo at={row.created_at} /> },
];

/** Everything that was taken over, or is just now. */
export default function ImportsPage() {
  const pages = usePages("/api/v1/imports", {}, { liveEveryMs: 2_000 });
  return (
    <Page
      title="Import"
      crumbs={[{ title: "Training", to: "/training" }]}
      lead="What a team has in MLflow, taken over: ids of runs stay, and doing it again takes only what is new."
      actions={
        <Button component={Link} to="/training/imports/new" leftSection={<IconPlus size={16} aria-hidden />}>
          Take something over
        </Button>
      }
    >
      <Table
        id="imports"
        label="Imports"
        columns={COLUMNS}
        pages={pages}
        rowId={(row) => row.id}
        href={(row) => `/training/imports/${row.id}`}
        empty={
          <EmptyState title="Nothing was taken over yet" recipe={RECIPE}>
            Experiments, runs with their params, tags and whole metric histories, logged models, files, and the registry come over from a database, a
            server or a folder of MLflow. Nothing is written there; you see what would come before anything does.
          </EmptyState>
        }
      />
    </Page>
  );
}
