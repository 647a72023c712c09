import { Button, Group, Modal, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { useNavigate } from "react-router";

import { api } from "~/api/client";
import { problemOf } from "~/api/problem";
import { useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice } from "~/ui/notices";

import { selectorInWords, textOf, valueOf } from "./selector";

/** Queues a training: on the entry's data with its parameters, or on others this once. */
export function RunDialog({ entry }: { entry: Schema<"TrainingEntry"> }) {
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const [data, setData] = useState("");
  const [reason, setReason] = useState("");
  const [params, setParams] = useState<Record<string, string>>({});
  const train = useSend(
    () =>
      api.POST("/api/v1/entries/train", {
        body: {
          entry: entry.id,
          data: data.trim() || null,
          params: Object.fromEntries(Object.entries(params).map(([name, typed]) => [name, valueOf(typed)])),
          force_reason: reason.trim() || null,
        },
      }),
    { onDone: (job) => void navigate(`/loop/jobs/${job.id}`) },
  );
  const refused = train.isError && problemOf(train.error).code === "refused";
  return (
    <>
      <Button onClick={() => setOpen(true)} leftSection={<IconPlayerPlay size={16} aria-hidden />}>
        Run it now
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={<Text fw={600}>{`Train ${entry.name} now`}</Text>} size="lg">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            train.mutate(undefined);
          }}
        >
          <Stack>
            <Text>A worker runs the script in a process of its own; you see its progress and its log.</Text>
            <TextInput
              label="Data"
              description={`Empty: ${selectorInWords(entry.data)}`}
              placeholder={`${entry.data.ref.split("@")[0]}@v3`}
              data-autofocus
              value={data}
              onChange={(event) => setData(event.currentTarget.value)}
            />
            {Object.keys(entry.params).length > 0 && (
              <SimpleGrid cols={{ base: 1, sm: 2 }}>
                {Object.entries(entry.params).map(([name, value]) => (
                  <TextInput
                    key={name}
                    label={name}
                    value={params[name] ?? textOf(value)}
                    onChange={(event) => {
                      const typed = event.currentTarget.value;
                      setParams((old) => ({ ...old, [name]: typed }));
                    }}
                  />
                ))}
              </SimpleGrid>
            )}
            {train.isError && <ErrorNotice error={train.error} />}
            {(refused || reason !== "") && (
              <TextInput
                label="Train on it all the same, because"
                description="The reason is kept in the ledger."
                value={reason}
                onChange={(event) => setReason(event.currentTarget.value)}
              />
            )}
            <Group justify="flex-end">
              <Button variant="default" onClick={() => setOpen(false)}>
                Not now
              </Button>
              <Button type="submit" loading={train.isPending}>
                Run it
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
