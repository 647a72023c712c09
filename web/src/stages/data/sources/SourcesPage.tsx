import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link } from "react-router";

import { usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { None, StateBadge, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { RECIPE } from "./recipe";

type State = Schema<"SourceState">;

const COLUMNS: Column<State>[] = [
  { id: "name", title: "Source", width: 150, cell: (row) => row.source.name },
  { id: "kind", title: "Kind", width: 110, cell: (row) => row.source.kind },
  { id: "location", title: "Where", width: 220, grow: true, cell: (row) => <span title={row.source.location}>{row.source.location}</span> },
  { id: "into", title: "Into", width: 140, cell: (row) => row.feeds.map((feed) => feed.dataset).join(", ") || <None why="nothing is taken yet" /> },
  { id: "last", title: "Last extraction", width: 130, cell: (row) => (row.last ? <StateBadge state={row.last.state} /> : <None why="never" />) },
  { id: "at", title: "When", width: 130, cell: (row) => (row.last ? <TimeAgo at={row.last.finished_at ?? row.last.created_at} /> : <None why="never" />) },
  { id: "next", title: "Next", width: 130, cell: (row) => (row.next_at ? <TimeAgo at={row.next_at} /> : <None why="only when somebody asks" />) },
  { id: "owner", title: "Owner", width: 100, cell: (row) => row.source.owner || <None /> },
];

/** Every source, with how its last extraction went and when the next one is. */
export default function SourcesPage() {
  const pages = usePages("/api/v1/sources", {});
  return (
    <Page
      title="Sources"
      crumbs={[{ title: "Data", to: "/data" }]}
      lead="Where tables come from: databases, files, object stores, topics. Passwords stay where they are; only their place is known here."
      actions={
        <Button component={Link} to="/data/sources/new" leftSection={<IconPlus size={16} aria-hidden />}>
          Add a source
        </Button>
      }
    >
      <Table
        id="sources"
        label="Sources"
        columns={COLUMNS}
        pages={pages}
        rowId={(row) => row.source.id}
        href={(row) => `/data/sources/${row.source.id}`}
        empty={
          <EmptyState title="No source yet" recipe={RECIPE}>
            Say where a table is and where its password is kept; every extraction becomes a version that says which question it answers.
          </EmptyState>
        }
      />
    </Page>
  );
}
