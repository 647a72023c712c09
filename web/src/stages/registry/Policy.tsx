/** How many people must agree before a version of this model serves. */
import { Button, Group, Modal, NumberInput, Stack, TagsInput, Text, Textarea, TextInput } from "@mantine/core";
import { IconUsers } from "@tabler/icons-react";
import { useState } from "react";

import { api } from "~/api/client";
import { useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice } from "~/ui/notices";
import { Section } from "~/ui/Page";

import { speakingAs, useName } from "./who";

type Model = Schema<"RegisteredModel">;

export function PolicySection({ model }: { model: Model }) {
  const [open, setOpen] = useState(false);
  const needed = model.approvals_needed;
  return (
    <Section
      title="Who has to agree"
      actions={
        <Button size="xs" variant="default" leftSection={<IconUsers size={15} aria-hidden />} onClick={() => setOpen(true)}>
          Change it
        </Button>
      }
    >
      <Text c={needed === 0 ? "dimmed" : undefined}>
        {needed === 0
          ? "Nobody: a version becomes champion by its gate alone."
          : `${needed === 1 ? "One person" : `${needed} people`}${model.approvers.length > 0 ? ` of ${model.approvers.join(", ")}` : ", none of them its author,"} before a version is champion or in production.`}
      </Text>
      {open && <Change model={model} onClose={() => setOpen(false)} />}
    </Section>
  );
}

function Change({ model, onClose }: { model: Model; onClose: () => void }) {
  const [name, setName] = useName();
  const [needed, setNeeded] = useState<number | string>(model.approvals_needed || 1);
  const [approvers, setApprovers] = useState<string[]>(model.approvers);
  const [reason, setReason] = useState("");
  const send = useSend(
    () => api.PUT("/api/v1/models/{name}/approval-policy", { params: { path: { name: model.name } }, body: { needed: Number(needed), approvers, reason }, headers: speakingAs(name) }),
    { onDone: onClose },
  );
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Who has to agree</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate(undefined);
        }}
      >
        <Stack>
          <NumberInput label="Approvals needed" description="Of people who did not make the version; 0: none" min={0} max={20} value={needed} onChange={setNeeded} data-autofocus />
          <TagsInput label="Only of these" description="Empty: of anybody else" value={approvers} onChange={setApprovers} />
          {Number(needed) < model.approvals_needed && <Textarea label="Why fewer than before?" description="The reason is kept in the ledger." required value={reason} onChange={(event) => setReason(event.currentTarget.value)} />}
          <TextInput label="Your name" value={name} onChange={(event) => setName(event.currentTarget.value)} />
          {send.isError && <ErrorNotice error={send.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Not now
            </Button>
            <Button type="submit" loading={send.isPending}>
              Ask for it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
