/** Tags of a prompt, or of one of its versions: shown, added, taken away. */
import { ActionIcon, Button, Group, Popover, Stack, Text, TextInput } from "@mantine/core";
import { IconTag, IconX } from "@tabler/icons-react";
import { useState } from "react";

import { api } from "~/api/client";
import { useSend } from "~/api/queries";
import { ErrorNotice } from "~/ui/notices";

import classes from "./prompts.module.css";

const OWN = /^(mlflow\.prompt\.|_mlflow_)/;

export function Tags({ name, tags, number }: { name: string; tags: Record<string, string>; number?: number }) {
  const [open, setOpen] = useState(false);
  const [typed, type] = useState({ key: "", value: "" });
  const set = useSend((change: { key: string; value: string | null }) => api.PUT("/api/v1/prompts/{name}/tags", { params: { path: { name } }, body: { ...change, number: number ?? null } }), {
    onDone: () => {
      type({ key: "", value: "" });
      setOpen(false);
    },
  });
  const shown = Object.entries(tags).filter(([key]) => !OWN.test(key));
  return (
    <Stack gap="xs">
      <Group gap={6}>
        {shown.map(([key, value]) => (
          <span key={key} className={classes.tag}>
            <span title={`${key}: ${value}`}>
              <Text span inherit c="dimmed">{`${key} `}</Text>
              {value}
            </span>
            <ActionIcon size="xs" color="gray" aria-label={`Take the tag ${key} away`} onClick={() => set.mutate({ key, value: null })}>
              <IconX size={12} />
            </ActionIcon>
          </span>
        ))}
        <Popover opened={open} onChange={setOpen} position="bottom-start" trapFocus>
          <Popover.Target>
            <Button size="compact-xs" variant="subtle" leftSection={<IconTag size={13} aria-hidden />} onClick={() => setOpen(!open)}>
              {number === undefined ? "Tag it" : `Tag v${number}`}
            </Button>
          </Popover.Target>
          <Popover.Dropdown>
            <form
              onSubmit={(event) => {
                event.preventDefault();
                set.mutate({ key: typed.key.trim(), value: typed.value });
              }}
            >
              <Group gap="xs" align="flex-end">
                <TextInput size="xs" label="Tag" required data-autofocus value={typed.key} onChange={(event) => type({ ...typed, key: event.currentTarget.value })} />
                <TextInput size="xs" label="Value" value={typed.value} onChange={(event) => type({ ...typed, value: event.currentTarget.value })} />
                <Button size="xs" type="submit" loading={set.isPending} disabled={typed.key.trim() === ""}>
                  Set it
                </Button>
              </Group>
            </form>
          </Popover.Dropdown>
        </Popover>
      </Group>
      {set.isError && <ErrorNotice error={set.error} />}
    </Stack>
  );
}
