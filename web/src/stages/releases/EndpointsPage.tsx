import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link } from "react-router";

import { useGet, usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { percent } from "~/ui/format";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { Money, None, StateBadge, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { releases } from ".";
import { RecordLink } from "../names";

type Endpoint = Schema<"Endpoint">;

const COLUMNS: Column<Endpoint>[] = [
  { id: "name", title: "Endpoint", width: 160, cell: (row) => row.name },
  { id: "state", title: "Now", width: 120, cell: (row) => <Now row={row} /> },
  { id: "serves", title: "Serves", width: 230, cell: (row) => <Serves row={row} /> },
  { id: "gain", title: "Gain by the model", width: 150, align: "right", cell: (row) => <Gain row={row} /> },
  { id: "hypothesis", title: "Hypothesis", width: 150, grow: true, cell: (row) => (row.hypothesis ? <RecordLink id={row.hypothesis} /> : <None why="tests no hypothesis" />) },
  { id: "threshold", title: "Yes above", width: 100, align: "right", cell: (row) => row.threshold ?? <None why="no threshold" /> },
  { id: "created", title: "Created", width: 130, cell: (row) => <TimeAgo at={row.created_at} /> },
];

function useActive(row: Endpoint) {
  return useGet("/api/v1/endpoints/{ref}/release", { path: { ref: row.name } }).data;
}

function Now({ row }: { row: Endpoint }) {
  const release = useActive(row);
  if (release === undefined) return null;
  if (release === null) return <StateBadge state="pending" label="serves nothing" />;
  return release.strategy === "canary" ? <StateBadge state="canary" label="canary" /> : <StateBadge state="live" />;
}

function Serves({ row }: { row: Endpoint }) {
  const release = useActive(row);
  if (!release) return <None why="nothing yet" />;
  return (
    <>
      <RecordLink id={release.champion} />
      {release.candidate && (
        <>
          {` · ${percent(release.share, 0)} `}
          <RecordLink id={release.candidate} />
        </>
      )}
    </>
  );
}

function Gain({ row }: { row: Endpoint }) {
  const { data } = useGet("/api/v1/endpoints/{name}/value", { path: { name: row.name }, query: { period: "month" } }, { enabled: row.payoffs !== null });
  return data && data.matched > 0 ? <Money amount={data.uplift} currency={data.currency} signed /> : <None why="nothing counted yet" />;
}

/** Every endpoint with what it serves now. */
export default function EndpointsPage() {
  const pages = usePages("/api/v1/endpoints", {});
  const create = (
    <Button component={Link} to="/releases/new" leftSection={<IconPlus size={16} aria-hidden />}>
      Create an endpoint
    </Button>
  );
  return (
    <Page title="Endpoints" lead={releases.does} actions={create}>
      <Table
        id="endpoints"
        label="Endpoints"
        columns={COLUMNS}
        pages={pages}
        rowId={(row) => row.id}
        href={(row) => `/releases/endpoints/${row.id}`}
        empty={
          <EmptyState title="No endpoint yet" recipe={releases.start}>
            An endpoint is a named route of the gateway. It answers as soon as a first version is released on it.
          </EmptyState>
        }
      />
    </Page>
  );
}
