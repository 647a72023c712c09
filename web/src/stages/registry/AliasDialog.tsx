import { Autocomplete, Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { IconCrown } from "@tabler/icons-react";
import { useState } from "react";

import { api } from "~/api/client";
import { problemOf } from "~/api/problem";
import { useGet, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice } from "~/ui/notices";

/** Lets an alias name this version; past a gate that says no only by force, with a reason. */
export function AliasDialog({ version }: { version: Schema<"ModelVersion"> }) {
  const [open, setOpen] = useState(false);
  const [alias, setAlias] = useState(version.aliases.includes("champion") ? "" : "champion");
  const [reason, setReason] = useState("");
  const model = useGet("/api/v1/models/{name}", { path: { name: version.model } }, { enabled: open });
  const move = useSend(
    () =>
      api.PUT("/api/v1/models/{name}/aliases/{alias}", {
        params: { path: { name: version.model, alias: alias.trim() } },
        body: { number: version.number, force: reason.trim() || null },
      }),
    { onDone: () => setOpen(false) },
  );
  const aliases = model.data?.model.aliases ?? {};
  const now = aliases[alias.trim()];
  const refused = move.isError && problemOf(move.error).code === "refused";
  return (
    <>
      <Button
        onClick={() => {
          move.reset();
          setOpen(true);
        }}
        leftSection={<IconCrown size={16} aria-hidden />}
      >
        Move an alias here
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={<Text fw={600}>{`What v${version.number} goes by`}</Text>}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            move.mutate(undefined);
          }}
        >
          <Stack>
            <Autocomplete
              label="Alias"
              description="champion is what endpoints and models:/name@champion mean"
              data={[...new Set(["champion", "challenger", ...Object.keys(aliases)])]}
              required
              data-autofocus
              value={alias}
              onChange={setAlias}
            />
            <Text size="sm" c="dimmed" role="status">
              {alias.trim() === "" || !model.data ? "" : now === undefined ? `No version goes by ${alias} now.` : now === version.number ? `It goes by ${alias} already.` : `It moves from v${now} to v${version.number}.`}
            </Text>
            {move.isError && <ErrorNotice error={move.error} />}
            {(refused || reason !== "") && (
              <Textarea
                label="Do it all the same, because"
                description="The reason is kept in the ledger."
                autosize
                minRows={2}
                value={reason}
                onChange={(event) => setReason(event.currentTarget.value)}
              />
            )}
            <Group justify="flex-end">
              <Button variant="default" onClick={() => setOpen(false)}>
                Not now
              </Button>
              <Button type="submit" color={reason ? "pomegranate" : "leaf"} loading={move.isPending} disabled={alias.trim() === ""}>
                {reason ? "Force it" : "Move it"}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
