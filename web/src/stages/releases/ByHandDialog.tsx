import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { IconArrowBackUp, IconCrown } from "@tabler/icons-react";
import { useState } from "react";

import { api } from "~/api/client";
import { useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice } from "~/ui/notices";

const WAYS = {
  promote: {
    label: "Promote",
    icon: IconCrown,
    color: "leaf",
    means: (candidate: string) => `${candidate} becomes champion and answers everyone within a second.`,
  },
  rollback: {
    label: "Roll back",
    icon: IconArrowBackUp,
    color: "pomegranate",
    means: (candidate: string) => `${candidate} is taken back; the champion answers everyone within a second.`,
  },
} as const;

/** Ends a canary by hand, before its rule does; the reason is kept. */
export function ByHandDialog({ release, way, candidate }: { release: Schema<"Release">; way: keyof typeof WAYS; candidate: string }) {
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const { label, icon: Sign, color, means } = WAYS[way];
  const end = useSend(
    () => {
      const request = { params: { path: { release_id: release.id } }, body: { reason: reason.trim() } };
      return way === "promote" ? api.POST("/api/v1/releases/{release_id}/promote", request) : api.POST("/api/v1/releases/{release_id}/rollback", request);
    },
    { onDone: () => setOpen(false) },
  );
  return (
    <>
      <Button variant="light" color={color} leftSection={<Sign size={16} aria-hidden />} onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={<Text fw={600}>{`${label} ${candidate}?`}</Text>}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            end.mutate(undefined);
          }}
        >
          <Stack>
            <Text>{means(candidate)}</Text>
            <Text size="sm" c="dimmed">
              Left alone, its rule decides as soon as the numbers suffice.
            </Text>
            <Textarea label="Reason" description="One sentence that still makes sense in a year." autosize minRows={2} required data-autofocus value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
            {end.isError && <ErrorNotice error={end.error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={() => setOpen(false)}>
                Not now
              </Button>
              <Button type="submit" color={color} loading={end.isPending} disabled={reason.trim() === ""}>
                {label}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
