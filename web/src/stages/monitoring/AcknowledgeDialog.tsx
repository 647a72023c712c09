import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { IconEyeCheck } from "@tabler/icons-react";
import { useState } from "react";

import { api } from "~/api/client";
import { useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice } from "~/ui/notices";

/** Says that a person has seen an incident, and what they make of it. */
export function AcknowledgeDialog({ incident }: { incident: Schema<"Incident"> }) {
  const [open, setOpen] = useState(false);
  const [note, setNote] = useState("");
  const acknowledge = useSend(
    () => api.POST("/api/v1/incidents/{incident_id}/acknowledge", { params: { path: { incident_id: incident.id } }, body: { note: note.trim() } }),
    { onDone: () => setOpen(false) },
  );
  return (
    <>
      <Button leftSection={<IconEyeCheck size={16} aria-hidden />} onClick={() => setOpen(true)}>
        Acknowledge
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={<Text fw={600}>You have seen it</Text>}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            acknowledge.mutate(undefined);
          }}
        >
          <Stack>
            <Text>It no longer waits for a person. It stays open until its windows are good again; the loop goes on as it would.</Text>
            <Textarea label="Note" description="What you found, or what you will do." autosize minRows={2} data-autofocus value={note} onChange={(event) => setNote(event.currentTarget.value)} />
            {acknowledge.isError && <ErrorNotice error={acknowledge.error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={() => setOpen(false)}>
                Not now
              </Button>
              <Button type="submit" loading={acknowledge.isPending}>
                Acknowledge
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
