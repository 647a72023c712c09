/** What the versions of a prompt go by: set, moved and taken away. */
import { ActionIcon, Anchor, Autocomplete, Button, Group, Stack, Text, Tooltip } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";

import { api } from "~/api/client";
import { useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice } from "~/ui/notices";
import { Section } from "~/ui/Page";

import { Aliases } from "../Aliases";

const USUAL = ["live", "staging", "candidate"];

export function AliasSection({ prompt, shown }: { prompt: Schema<"Prompt">; shown: number }) {
  const [typed, type] = useState("");
  const path = (alias: string) => ({ params: { path: { name: prompt.name, alias } } });
  const set = useSend((alias: string) => api.PUT("/api/v1/prompts/{name}/aliases/{alias}", { ...path(alias), body: { number: shown } }), { onDone: () => type("") });
  const remove = useSend((alias: string) => api.DELETE("/api/v1/prompts/{name}/aliases/{alias}", path(alias)));
  const failed = set.isError ? set.error : remove.isError ? remove.error : null;
  const names = Object.entries(prompt.aliases);
  const now = prompt.aliases[typed.trim()];
  return (
    <Section title="Aliases" note="Programs that load by alias get its version.">
      <Stack gap="xs">
        {names.map(([alias, number]) => (
          <Group key={alias} justify="space-between" wrap="nowrap">
            <Group gap={6} wrap="nowrap">
              <Aliases names={[alias]} />
              <Anchor component={Link} to={`?version=${number}`} replace size="sm">{`v${number}`}</Anchor>
            </Group>
            <Group gap={4} wrap="nowrap">
              {number !== shown && (
                <Button size="compact-xs" variant="light" loading={set.isPending && set.variables === alias} onClick={() => set.mutate(alias)}>
                  {`Move to v${shown}`}
                </Button>
              )}
              <Tooltip label="take it away">
                <ActionIcon size="sm" color="gray" aria-label={`Take the alias ${alias} away`} loading={remove.isPending && remove.variables === alias} onClick={() => remove.mutate(alias)}>
                  <IconX size={14} />
                </ActionIcon>
              </Tooltip>
            </Group>
          </Group>
        ))}
        {names.length === 0 && <Text size="sm" c="dimmed">None yet.</Text>}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            set.mutate(typed.trim());
          }}
        >
          <Group gap={6} wrap="nowrap" align="flex-end">
            <Autocomplete size="xs" flex={1} aria-label="Alias" placeholder="a name" data={USUAL.filter((name) => prompt.aliases[name] === undefined)} value={typed} onChange={type} />
            <Button size="xs" type="submit" variant="default" disabled={typed.trim() === "" || now === shown}>
              {now === undefined ? `Name v${shown} so` : now === shown ? "It is" : `Move from v${now}`}
            </Button>
          </Group>
        </form>
        {failed && <ErrorNotice error={failed} />}
      </Stack>
    </Section>
  );
}
