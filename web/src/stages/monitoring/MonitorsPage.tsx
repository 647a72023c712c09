import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link } from "react-router";

import { useGet, usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { None, StateBadge, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { monitoring } from ".";
import { lengthText, STATE_WORDS } from "./words";

type Monitor = Schema<"Monitor">;
type Kind = Schema<"Window">["kind"];

const COLUMNS: Column<Monitor>[] = [
  { id: "endpoint", title: "Watches", width: 170, cell: (row) => row.endpoint },
  { id: "drift", title: "Drift", width: 150, cell: (row) => <Newest row={row} kind="drift" /> },
  { id: "quality", title: "Quality", width: 150, cell: (row) => <Newest row={row} kind="quality" /> },
  { id: "summary", title: "The newest window", width: 220, grow: true, cell: (row) => <Summary row={row} /> },
  { id: "window", title: "Windows of", width: 110, cell: (row) => lengthText(row.window_hours) },
  { id: "created", title: "Created", width: 130, cell: (row) => <TimeAgo at={row.created_at} /> },
];

function useNewest(row: Monitor, kind: Kind | null) {
  return useGet("/api/v1/windows", { query: { endpoint: row.endpoint, kind, limit: 1 } }).data?.items[0];
}

function Newest({ row, kind }: { row: Monitor; kind: Kind }) {
  const window = useNewest(row, kind);
  return window ? <StateBadge state={window.state} label={STATE_WORDS[window.state]} /> : <None why="no window is read yet" />;
}

function Summary({ row }: { row: Monitor }) {
  const window = useNewest(row, null);
  return window ? <span title={window.summary}>{window.summary}</span> : <None why="no window is read yet" />;
}

/** Every monitor with what its newest windows say. */
export default function MonitorsPage() {
  const pages = usePages("/api/v1/monitors", {});
  const create = (
    <Button component={Link} to="/monitoring/new" leftSection={<IconPlus size={16} aria-hidden />}>
      Watch an endpoint
    </Button>
  );
  return (
    <Page title="Monitors" lead={monitoring.does} actions={create}>
      <Table
        id="monitors"
        label="Monitors"
        columns={COLUMNS}
        pages={pages}
        rowId={(row) => row.id}
        href={(row) => `/monitoring/${row.id}`}
        empty={
          <EmptyState title="Nothing is watched yet" recipe={monitoring.start}>
            A monitor reads an endpoint's predictions window by window: do they still look like the training data, and are they still right?
          </EmptyState>
        }
      />
    </Page>
  );
}
