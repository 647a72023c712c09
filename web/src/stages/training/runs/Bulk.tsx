/** What can be done with the runs that were ticked. */
import { Button, CloseButton, Group, Popover, Stack, Text, TextInput } from "@mantine/core";
import { IconArchive, IconArrowBackUp, IconDownload, IconScale, IconTag, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";

import { api } from "~/api/client";
import { useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { Confirm, ErrorNotice } from "~/ui/notices";

import { common, type Run } from "./columns";
import { csvOf, save } from "./csvOut";
import { ARCHIVED } from "./search";
import { compareLink } from "../compare/link";
import classes from "./runs.module.css";

type Change = Partial<Omit<Schema<"RunsChange">, "runs">>;

export function Bulk({ rows, state, onClear }: { rows: Run[]; state: string; onClear: () => void }) {
  const change = useSend((what: Change) => api.POST("/api/v1/runs/changes", { body: { runs: rows.map((run) => run.id), ...what } }), { onDone: onClear });
  const count = rows.length === 1 ? "1 run" : `${rows.length.toLocaleString("en-US")} runs`;
  return (
    <div className={classes.bulk} role="toolbar" aria-label="What to do with the chosen runs">
      <Group gap="xs">
        <CloseButton size="sm" aria-label="Choose none" onClick={onClear} />
        <Text size="sm" fw={600} mr="xs">{`${count} chosen`}</Text>
        {rows.length > 1 && (
          <Button component={Link} to={compareLink(rows)} leftSection={<IconScale size={15} aria-hidden />}>
            Compare
          </Button>
        )}
        <Tag onTag={(tags) => change.mutate({ tags })} />
        {state === "archived" ? (
          <Button variant="default" leftSection={<IconArrowBackUp size={15} aria-hidden />} onClick={() => change.mutate({ tags: { [ARCHIVED]: null } })}>
            Out of the archive
          </Button>
        ) : (
          state === "active" && (
            <Button variant="default" leftSection={<IconArchive size={15} aria-hidden />} onClick={() => change.mutate({ tags: { [ARCHIVED]: "true" } })}>
              Archive
            </Button>
          )
        )}
        <Button variant="default" leftSection={<IconDownload size={15} aria-hidden />} onClick={() => save("runs.csv", csvOf(rows, common))}>
          CSV
        </Button>
        {state === "deleted" ? (
          <Button variant="default" leftSection={<IconArrowBackUp size={15} aria-hidden />} onClick={() => change.mutate({ state: "active" })}>
            Restore
          </Button>
        ) : (
          <Confirm label="Delete" title={`Delete ${count}?`} danger busy={change.isPending} icon={<IconTrash size={15} aria-hidden />} onConfirm={() => change.mutate({ state: "deleted" })}>
            They go to the bin: the list of deleted runs shows them, and they can be restored from there.
          </Confirm>
        )}
      </Group>
      {change.error && <ErrorNotice error={change.error} />}
    </div>
  );
}

function Tag({ onTag }: { onTag: (tags: Record<string, string | null>) => void }) {
  const [open, setOpen] = useState(false);
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const send = (tags: Record<string, string | null>) => {
    setOpen(false);
    onTag(tags);
  };
  return (
    <Popover opened={open} onChange={setOpen} trapFocus returnFocus width={280}>
      <Popover.Target>
        <Button variant="default" leftSection={<IconTag size={15} aria-hidden />} onClick={() => setOpen(!open)}>
          Tag
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            send({ [key.trim()]: value });
          }}
        >
          <Stack gap="xs">
            <TextInput size="xs" label="Tag" required placeholder="team" value={key} onChange={(event) => setKey(event.currentTarget.value)} />
            <TextInput size="xs" label="Value" placeholder="risk" value={value} onChange={(event) => setValue(event.currentTarget.value)} />
            <Group justify="flex-end" gap="xs">
              <Button size="xs" variant="default" disabled={!key.trim()} onClick={() => send({ [key.trim()]: null })}>
                Remove it
              </Button>
              <Button size="xs" type="submit" disabled={!key.trim()}>
                Set it
              </Button>
            </Group>
          </Stack>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
