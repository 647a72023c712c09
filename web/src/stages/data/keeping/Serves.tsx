import { Button, Group, Modal, Select, Stack, TagsInput, Text } from "@mantine/core";
import { IconScale } from "@tabler/icons-react";
import { useState } from "react";

import { api } from "~/api/client";
import { useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice } from "~/ui/notices";

/** What a dataset may serve, and the column in which each row's consent stands. */
export function Serves({ dataset, newest }: { dataset: Schema<"Dataset">; newest: Schema<"DataVersion"> | undefined }) {
  const [open, setOpen] = useState(false);
  const [purposes, setPurposes] = useState<string[]>(dataset.purposes);
  const [consent, setConsent] = useState<string | null>(dataset.consent_column ?? null);
  const send = useSend(
    () => api.PUT("/api/v1/datasets/{ref}/purposes", { params: { path: { ref: dataset.id } }, body: { purposes, consent_column: consent } }),
    { onDone: () => setOpen(false) },
  );
  const columns = newest?.schema.filter((field) => ["bool", "string", "list<item: string>"].includes(field.type)).map((field) => field.name) ?? [];
  return (
    <>
      <Button variant="light" leftSection={<IconScale size={16} aria-hidden />} onClick={() => setOpen(true)}>
        Purposes
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={<Text fw={600}>{`What ${dataset.name} may serve`}</Text>}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            send.mutate(undefined);
          }}
        >
          <Stack>
            <TagsInput
              label="Purposes"
              description="Whoever reads it for training, exports it or serves it names one of these; nothing declared means everything. Enter adds one."
              data={["training", "export", "serving"]}
              value={purposes}
              onChange={setPurposes}
              acceptValueOnBlur
              data-autofocus
            />
            <Select
              label="Consent"
              description="A column that says of each row whether it may be read: yes or no, or the purposes it may serve. Rows without consent are left out and counted."
              placeholder="no row needs it"
              data={[...new Set([...columns, ...(consent ? [consent] : [])])]}
              value={consent}
              onChange={setConsent}
              clearable
            />
            {send.isError && <ErrorNotice error={send.error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={() => setOpen(false)}>
                Not now
              </Button>
              <Button type="submit" loading={send.isPending}>
                Declare
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
