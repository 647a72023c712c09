import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link } from "react-router";

import { usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { None, StateBadge, TimeAgo } from "~/ui/small";
import { useUrlState } from "~/ui/state";
import { Table, type Column } from "~/ui/Table";

import { loop } from ".";
import { EndpointPicker } from "../releases/EndpointPicker";
import { firesWhen, heldBackBy, KINDS } from "./words";

type Trigger = Schema<"Trigger">;

const COLUMNS: Column<Trigger>[] = [
  { id: "name", title: "Trigger", width: 200, cell: (row) => row.name },
  { id: "state", title: "State", width: 100, cell: (row) => (row.enabled ? <StateBadge state="active" label="on" /> : <StateBadge state="held" label="paused" />) },
  { id: "kind", title: "On", width: 100, cell: (row) => KINDS[row.kind].label.toLowerCase() },
  { id: "when", title: "Fires", width: 260, grow: true, cell: (row) => <span title={firesWhen(row)}>{firesWhen(row)}</span> },
  { id: "limits", title: "But", width: 170, cell: (row) => heldBackBy(row) || <None why="no limit" /> },
  { id: "entry", title: "Trains", width: 120, cell: (row) => row.recipe.entry },
  { id: "endpoint", title: "For", width: 130, cell: (row) => row.endpoint },
  { id: "created", title: "Created", width: 130, hidden: true, cell: (row) => <TimeAgo at={row.created_at} /> },
];

/** Every trigger. */
export default function TriggersPage() {
  const [view, setView] = useUrlState({ endpoint: "" });
  const pages = usePages("/api/v1/triggers", { query: { endpoint: view.endpoint || null } });
  const create = (
    <Button component={Link} to="/loop/triggers/new" leftSection={<IconPlus size={16} aria-hidden />}>
      Add a trigger
    </Button>
  );
  return (
    <Page title="Triggers" crumbs={[{ title: "The loop", to: "/loop" }]} lead="On what a model is trained again, how the new version is judged, and what holds the loop back." actions={create}>
      <Table
        id="triggers"
        label="Triggers"
        columns={COLUMNS}
        pages={pages}
        rowId={(row) => row.id}
        href={(row) => `/loop/triggers/${row.id}`}
        toolbar={<EndpointPicker value={view.endpoint} onChange={(endpoint) => setView({ endpoint })} />}
        empty={
          <EmptyState title="No trigger yet" recipe={loop.start}>
            Without one the circle stays open: incidents are found, and nobody answers.
          </EmptyState>
        }
      />
    </Page>
  );
}
