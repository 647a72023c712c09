import { Button, Group, Select } from "@mantine/core";
import { IconBolt } from "@tabler/icons-react";
import { Link } from "react-router";

import { useGet, usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { IdLink, None, TimeAgo } from "~/ui/small";
import { useUrlState } from "~/ui/state";
import { Table, type Column } from "~/ui/Table";

import { loop } from ".";
import { EndpointPicker } from "../releases/EndpointPicker";
import { Decided, Result } from "./Decided";
import { KINDS } from "./words";

type Reaction = Schema<"Reaction">;

const COLUMNS: Column<Reaction>[] = [
  { id: "trigger", title: "Trigger", width: 196, cell: (row) => row.trigger },
  { id: "fired", title: "Decided", width: 128, cell: (row) => <Decided reaction={row} /> },
  { id: "reason", title: "Why", width: 280, grow: true, cell: (row) => <span title={row.reason}>{row.reason}</span> },
  { id: "result", title: "Came to", width: 160, cell: (row) => <span title={row.outcome_reason}><Result reaction={row} /></span> },
  { id: "job", title: "Job", width: 136, cell: (row) => (row.job ? <IdLink id={row.job} /> : <None why="no job" />) },
  { id: "kind", title: "On", width: 100, hidden: true, cell: (row) => KINDS[row.kind].label.toLowerCase() },
  { id: "endpoint", title: "Endpoint", width: 130, hidden: true, cell: (row) => row.endpoint },
  { id: "by", title: "By", width: 90, hidden: true, cell: (row) => row.by },
  { id: "at", title: "When", width: 130, cell: (row) => <TimeAgo at={row.at} /> },
];

/** What triggers decided, newest first: fired or held back, and why. */
export default function ReactionsPage() {
  const [view, setView] = useUrlState({ endpoint: "", trigger: "" });
  const pages = usePages("/api/v1/reactions", { query: { endpoint: view.endpoint || null, trigger: view.trigger || null } });
  const triggers = useGet("/api/v1/triggers", { query: { limit: 200 } });
  return (
    <Page
      title="The loop"
      lead={loop.does}
      actions={
        <Button component={Link} to="/loop/triggers" variant="light" leftSection={<IconBolt size={16} aria-hidden />}>
          Its triggers
        </Button>
      }
    >
      <Table
        id="reactions"
        label="Reactions"
        columns={COLUMNS}
        pages={pages}
        rowId={(row) => row.id}
        href={(row) => `/loop/reactions/${row.id}`}
        toolbar={
          <Group gap="xs">
            <Select
              size="xs"
              w={220}
              aria-label="Trigger"
              placeholder="Every trigger"
              clearable
              data={triggers.data?.items.map((one) => one.name) ?? []}
              value={view.trigger || null}
              onChange={(trigger) => setView({ trigger: trigger ?? "" })}
            />
            <EndpointPicker value={view.endpoint} onChange={(endpoint) => setView({ endpoint })} />
          </Group>
        }
        empty={
          view.endpoint || view.trigger ? (
            <EmptyState title="No reaction fits this filter">Take it away to see the others.</EmptyState>
          ) : (
            <EmptyState title="Nothing to react to yet" recipe={loop.start}>
              A trigger says on what a model is retrained. Each time it is asked it decides, and says why; also when it does nothing.
            </EmptyState>
          )
        }
      />
    </Page>
  );
}
