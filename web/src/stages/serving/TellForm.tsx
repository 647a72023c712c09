import { Button, Group, NumberInput, Stack, Text } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";
import { useState } from "react";

import { api } from "~/api/client";
import { useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice } from "~/ui/notices";

/** Tells what came true for a prediction: yes or no where it decided, a number elsewhere. */
export function TellForm({ prediction }: { prediction: Schema<"Prediction"> }) {
  const [typed, setTyped] = useState<number | string>("");
  const tell = useSend((value: number) => api.POST("/api/v1/outcomes", { body: [{ prediction_id: prediction.id, value }] }));
  const question = "Do you know what came true?";
  return (
    <Stack gap="xs">
      {prediction.decision !== null ? (
        <Group gap="xs">
          <Text>{question}</Text>
          <Button size="xs" variant="light" leftSection={<IconCheck size={14} aria-hidden />} loading={tell.isPending} onClick={() => tell.mutate(1)}>
            Yes
          </Button>
          <Button size="xs" variant="light" leftSection={<IconX size={14} aria-hidden />} loading={tell.isPending} onClick={() => tell.mutate(0)}>
            No
          </Button>
        </Group>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            tell.mutate(Number(typed));
          }}
        >
          <Group gap="xs" align="flex-end">
            <NumberInput label={question} value={typed} onChange={setTyped} />
            <Button type="submit" variant="light" loading={tell.isPending} disabled={typed === ""}>
              Tell it
            </Button>
          </Group>
        </form>
      )}
      {tell.isError && <ErrorNotice error={tell.error} />}
    </Stack>
  );
}
