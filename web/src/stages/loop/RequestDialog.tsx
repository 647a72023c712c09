import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { useNavigate } from "react-router";

import { api } from "~/api/client";
import { useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice } from "~/ui/notices";

/** Asks for a retraining now, by the trigger's recipe. */
export function RequestDialog({ trigger }: { trigger: Schema<"Trigger"> }) {
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const request = useSend(
    () => api.POST("/api/v1/triggers/{ref}/requests", { params: { path: { ref: trigger.id } }, body: { reason: reason.trim() } }),
    { onDone: (made) => void navigate(`/loop/reactions/${made.id}`) },
  );
  return (
    <>
      <Button leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={() => setOpen(true)}>
        Retrain now
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={<Text fw={600}>{`Retrain for ${trigger.endpoint} now`}</Text>}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            request.mutate(undefined);
          }}
        >
          <Stack>
            <Text>{`${trigger.recipe.entry} is trained on the newest data and compared with the champion; only if it is better, it enters a canary.`}</Text>
            <Textarea label="Reason" description="One sentence that still makes sense in a year." autosize minRows={2} required data-autofocus value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
            {request.isError && <ErrorNotice error={request.error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={() => setOpen(false)}>
                Not now
              </Button>
              <Button type="submit" loading={request.isPending} disabled={reason.trim() === ""}>
                Retrain
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
