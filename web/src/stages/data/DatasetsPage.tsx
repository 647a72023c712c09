import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link } from "react-router";

import { useGet, usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { None, StateBadge, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { RecordLink } from "../names";
import { data } from ".";

type Dataset = Schema<"Dataset">;

const COLUMNS: Column<Dataset>[] = [
  { id: "name", title: "Dataset", width: 170, cell: (row) => row.name },
  { id: "newest", title: "Newest", width: 90, cell: (row) => <Newest id={row.id} show={(one) => `v${one.number}`} /> },
  { id: "quality", title: "Quality", width: 112, cell: (row) => <Newest id={row.id} show={(one) => <StateBadge state={one.quality} />} /> },
  { id: "rows", title: "Rows", width: 100, align: "right", cell: (row) => <Newest id={row.id} show={(one) => number(one.rows)} /> },
  { id: "committed", title: "Committed", width: 130, cell: (row) => <Newest id={row.id} show={(one) => <TimeAgo at={one.created_at} />} /> },
  { id: "description", title: "What it is", width: 200, grow: true, cell: (row) => <span title={row.description}>{row.description || <None />}</span> },
  { id: "hypothesis", title: "Hypothesis", width: 120, cell: (row) => (row.hypothesis ? <RecordLink id={row.hypothesis} /> : <None />) },
  { id: "checks", title: "Checks", width: 76, align: "right", cell: (row) => row.checks.length },
];

/** The newest version of a dataset; one request serves all cells of a row. */
function Newest({ id, show }: { id: string; show: (version: Schema<"DataVersion">) => React.ReactNode }) {
  const { data: versions } = useGet("/api/v1/datasets/{ref}/versions", { path: { ref: id } });
  const newest = versions?.[0];
  return newest ? show(newest) : <None why="no version yet" />;
}

/** Every dataset, newest first. */
export default function DatasetsPage() {
  const pages = usePages("/api/v1/datasets", {});
  return (
    <Page
      title="Datasets"
      lead={data.does}
      actions={
        <Button component={Link} to="/data/new" leftSection={<IconPlus size={16} aria-hidden />}>
          Create a dataset
        </Button>
      }
    >
      <Table
        id="datasets"
        label="Datasets"
        columns={COLUMNS}
        pages={pages}
        rowId={(row) => row.id}
        href={(row) => `/data/${row.id}`}
        empty={
          <EmptyState title="No dataset yet" recipe={data.start}>
            Say what a row is and when it happened; then commit tables. Each becomes a version that never changes.
          </EmptyState>
        }
      />
    </Page>
  );
}
