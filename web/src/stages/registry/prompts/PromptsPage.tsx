import { Button, Group, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";

import { usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { None, TimeAgo } from "~/ui/small";
import { useUrlState } from "~/ui/state";
import { Table, type Column } from "~/ui/Table";

import { Aliases } from "../Aliases";
import { START } from "./recipes";
import { Variables } from "./Template";

type Row = Schema<"PromptRow">;

const COLUMNS: Column<Row>[] = [
  { id: "name", title: "Prompt", width: 210, sort: "name", by: (row) => row.prompt.name, cell: (row) => row.prompt.name },
  { id: "newest", title: "Newest", width: 84, cell: (row) => (row.newest ? `v${row.newest.number}` : <None why="no version" />) },
  { id: "aliases", title: "Aliases", width: 200, cell: (row) => <Named aliases={row.prompt.aliases} /> },
  { id: "variables", title: "Fills in", width: 230, cell: (row) => <Variables names={row.newest?.variables ?? []} most={2} /> },
  { id: "text", title: "Begins", width: 220, grow: true, cell: (row) => <span title={begins(row, 400)}>{begins(row, 120) || <None />}</span> },
  { id: "message", title: "Last change", width: 180, hidden: true, cell: (row) => row.newest?.message || <None why="nothing said" /> },
  { id: "kind", title: "Form", width: 90, hidden: true, cell: (row) => row.newest?.kind ?? <None /> },
  { id: "updated", title: "Changed", width: 130, sort: "updated", by: (row) => row.prompt.updated_at, cell: (row) => <TimeAgo at={row.prompt.updated_at} /> },
];

/** As many as there is room for; all of them when the mouse rests on it. */
function Named({ aliases }: { aliases: Record<string, number> }) {
  const names = Object.entries(aliases).map(([alias, number]) => `${alias} → v${number}`);
  return (
    <span title={names.join(", ")}>
      <Aliases names={names.length > 1 ? [names[0]!, `+${names.length - 1}`] : names} />
    </span>
  );
}

function begins({ newest }: Row, most: number): string {
  const text = newest?.kind === "chat" ? newest.messages.map((one) => one.content).join(" · ") : (newest?.text ?? "");
  return text.slice(0, most).replaceAll("\n", " ");
}

/** Every prompt. */
export default function PromptsPage() {
  const [view, setView] = useUrlState({ text: "", sort: "-updated" });
  const [typed, type] = useState(view.text);
  const apply = useDebouncedCallback((text: string) => setView({ text }), 250);
  const pages = usePages("/api/v1/prompts", { query: view });
  return (
    <Page
      title="Prompts"
      crumbs={[{ title: "Models", to: "/registry" }]}
      lead="Texts with places to fill in. Versions do not change; programs load them by number, or by an alias that moves."
      actions={
        <Button component={Link} to="/registry/prompts/new" leftSection={<IconPlus size={16} aria-hidden />}>
          Write a prompt
        </Button>
      }
    >
      <Table
        id="prompts"
        label="Prompts"
        columns={COLUMNS}
        pages={pages}
        rowId={(row) => row.prompt.id}
        href={(row) => `/registry/prompts/${row.prompt.id}`}
        sort={view.sort}
        onSort={(sort) => setView({ sort: sort || "-updated" })}
        toolbar={
          <Group gap="xs">
            <TextInput
              size="xs"
              w={240}
              aria-label="Name"
              placeholder="a part of the name"
              leftSection={<IconSearch size={14} aria-hidden />}
              value={typed}
              onChange={(event) => {
                type(event.currentTarget.value);
                apply(event.currentTarget.value.trim());
              }}
            />
          </Group>
        }
        empty={
          view.text ? (
            <EmptyState title="No prompt is called so">Names are searched, upper and lower case alike.</EmptyState>
          ) : (
            <EmptyState title="No prompt yet" recipe={START}>
              Keep a prompt apart from the code that sends it: it gets versions, a history, and a name that programs load it by.
            </EmptyState>
          )
        }
      />
    </Page>
  );
}
