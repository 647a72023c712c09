/** Choose columns: a list to search in, each shown or not, pinned to the left or not. */
import { ActionIcon, Anchor, Checkbox, Group, Popover, ScrollArea, Stack, Text, TextInput, Tooltip } from "@mantine/core";
import { IconColumns3, IconPin, IconPinFilled } from "@tabler/icons-react";
import { useState } from "react";

import { NO_LAYOUT, type Layout, type LayoutState } from "./columns";
import type { Column } from "./Table";

const MOST = 200; // drawn at once; the rest is found by its name

export function ColumnMenu<Row>({ columns, layout, setLayout }: LayoutState & { columns: Column<Row>[] }) {
  const [wanted, want] = useState("");
  const fitting = columns.slice(1).filter((column) => column.title.toLowerCase().includes(wanted.toLowerCase()));
  const shownOf = (column: Column<Row>) => layout.shown[column.id] ?? !column.hidden;
  const change = (changes: Partial<Layout>) => setLayout({ ...layout, ...changes });
  const pin = (id: string) => {
    const pinned = layout.pinned.includes(id) ? layout.pinned.filter((one) => one !== id) : [...layout.pinned, id];
    change({ pinned, shown: { ...layout.shown, [id]: true } });
  };
  return (
    <Popover position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <Tooltip label="Columns">
          <ActionIcon aria-label="Choose columns">
            <IconColumns3 size={18} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown p="sm" w={300}>
        <Stack gap="xs">
          {columns.length > 12 && (
            <TextInput size="xs" aria-label="Find a column" placeholder={`Find one of ${columns.length} columns`} value={wanted} onChange={(event) => want(event.currentTarget.value)} />
          )}
          <ScrollArea.Autosize mah={360} type="auto">
            <Stack gap={6} pr="sm">
              {fitting.slice(0, MOST).map((column) => {
                const pinned = layout.pinned.includes(column.id);
                return (
                  <Group key={column.id} justify="space-between" wrap="nowrap" gap="xs">
                    <Checkbox
                      size="xs"
                      label={column.menu ?? column.title}
                      checked={shownOf(column)}
                      onChange={(event) =>
                        change({ shown: { ...layout.shown, [column.id]: event.currentTarget.checked }, pinned: layout.pinned.filter((id) => id !== column.id) })
                      }
                      styles={{ label: { overflowWrap: "anywhere" } }}
                    />
                    <ActionIcon size="sm" aria-label={`Pin ${column.title}`} aria-pressed={pinned} color={pinned ? "leaf" : "gray"} onClick={() => pin(column.id)}>
                      {pinned ? <IconPinFilled size={13} /> : <IconPin size={13} />}
                    </ActionIcon>
                  </Group>
                );
              })}
              {fitting.length > MOST && <Text size="xs" c="dimmed">{`${fitting.length - MOST} more: write a part of the name`}</Text>}
              {fitting.length === 0 && <Text size="xs" c="dimmed">No column is called so.</Text>}
            </Stack>
          </ScrollArea.Autosize>
          <Anchor component="button" type="button" size="xs" onClick={() => setLayout(NO_LAYOUT)}>
            As they were at first
          </Anchor>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
