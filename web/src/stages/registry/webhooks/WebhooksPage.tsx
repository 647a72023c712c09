import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link } from "react-router";

import { usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { None, StateBadge, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { answerOf, Delivered, On, RECIPE } from "./deliveries";

type Webhook = Schema<"WebhookInfo">;

const COLUMNS: Column<Webhook>[] = [
  { id: "name", title: "Webhook", width: 180, cell: (row) => row.name },
  { id: "state", title: "State", width: 116, cell: (row) => <On webhook={row} /> },
  { id: "events", title: "Is told of", width: 220, grow: true, cell: (row) => <span title={row.events.join("\n")}>{row.events.join(", ")}</span> },
  { id: "last", title: "Last delivery", width: 138, cell: (row) => (row.last ? <Delivered delivery={row.last} /> : <None why="never" />) },
  { id: "when", title: "When", width: 120, cell: (row) => (row.last ? <TimeAgo at={row.last.last_at} /> : <None why="never" />) },
  { id: "answer", title: "Answer", width: 140, cell: (row) => (row.last ? <span title={answerOf(row.last)}>{answerOf(row.last)}</span> : <None />) },
  { id: "url", title: "Address", width: 240, cell: (row) => <span title={row.url}>{row.url}</span> },
  { id: "signed", title: "Signed", width: 90, hidden: true, cell: (row) => (row.signed ? <StateBadge state="ready" label="signed" /> : <None why="no secret" />) },
  { id: "description", title: "What for", width: 180, hidden: true, cell: (row) => row.description || <None /> },
  { id: "created", title: "Created", width: 130, hidden: true, cell: (row) => <TimeAgo at={row.created_at} /> },
];

/** Every webhook. */
export default function WebhooksPage() {
  const pages = usePages("/api/v1/webhooks", {});
  return (
    <Page
      title="Webhooks"
      crumbs={[{ title: "Models", to: "/registry" }]}
      lead="Addresses that are told what happens to models and prompts: signed, each event once, tried again while they are away."
      actions={
        <Button component={Link} to="/registry/webhooks/new" leftSection={<IconPlus size={16} aria-hidden />}>
          Add a webhook
        </Button>
      }
    >
      <Table
        id="webhooks"
        label="Webhooks"
        columns={COLUMNS}
        pages={pages}
        rowId={(row) => row.id}
        href={(row) => `/registry/webhooks/${row.id}`}
        empty={
          <EmptyState title="No webhook yet" recipe={RECIPE}>
            Let a chat, a build server or your own program hear of new versions, moved aliases and changed prompts.
          </EmptyState>
        }
      />
    </Page>
  );
}
