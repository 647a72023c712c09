/** What people wrote about a run: Markdown, in the tag that MLflow's own pages use. */
import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useState } from "react";

import { api } from "~/api/client";
import { useSend } from "~/api/queries";
import { Markdown } from "~/ui/Markdown";
import { ErrorNotice } from "~/ui/notices";
import { Section } from "~/ui/Page";

import type { Run } from "./runs/columns";

export const NOTE = "mlflow.note.content";
const LONGEST = 8_000; // what a tag holds

export function Note({ run }: { run: Run }) {
  const note = run.tags[NOTE] ?? "";
  const [draft, setDraft] = useState<string | null>(null);
  const send = useSend((text: string) => api.POST("/api/v1/runs/changes", { body: { runs: [run.id], tags: { [NOTE]: text.trim() || null } } }), { onDone: () => setDraft(null) });
  return (
    <Section
      title="Notes"
      actions={
        draft === null && (
          <Button size="xs" variant="default" leftSection={<IconPencil size={14} aria-hidden />} onClick={() => setDraft(note)}>
            {note ? "Edit" : "Write a note"}
          </Button>
        )
      }
    >
      {draft === null ? (
        note ? <Markdown text={note} /> : <Text c="dimmed">What was this run for, and what came of it? Nobody has said yet.</Text>
      ) : (
        <Stack gap="xs">
          <Textarea autosize minRows={5} maxRows={24} maxLength={LONGEST} aria-label="Note" description="Markdown" value={draft} onChange={(event) => setDraft(event.currentTarget.value)} data-autofocus />
          {send.error && <ErrorNotice error={send.error} />}
          <Group gap="xs">
            <Button size="xs" loading={send.isPending} onClick={() => send.mutate(draft)}>
              Keep it
            </Button>
            <Button size="xs" variant="default" onClick={() => setDraft(null)}>
              Not now
            </Button>
          </Group>
        </Stack>
      )}
    </Section>
  );
}
