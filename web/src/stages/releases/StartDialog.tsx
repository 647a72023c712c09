import { Button, Group, Modal, NumberInput, SegmentedControl, Select, SimpleGrid, Stack, Text, Textarea } from "@mantine/core";
import { IconArrowsSplit2 } from "@tabler/icons-react";
import { useState } from "react";
import { useNavigate } from "react-router";

import { api } from "~/api/client";
import { problemOf } from "~/api/problem";
import { useGet, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice } from "~/ui/notices";

type Strategy = Schema<"Release">["strategy"];

const MEANS: Record<Strategy, string> = {
  canary: "It answers for a share of the units beside the champion until the numbers tell which of the two earns more.",
  champion: "It answers everyone at once. Its gate must have let it pass.",
};

/** Releases a version on an endpoint: as canary, or at once as champion. */
export function StartDialog({ endpoint, active }: { endpoint: Schema<"Endpoint">; active: Schema<"Release"> | null }) {
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const [version, setVersion] = useState<string | null>(null);
  const [strategy, setStrategy] = useState<Strategy>(active ? "canary" : "champion");
  const [share, setShare] = useState<number | string>(20);
  const [days, setDays] = useState<number | string>(14);
  const [reason, setReason] = useState("");
  const [force, setForce] = useState("");
  const model = useGet("/api/v1/models/{name}", { path: { name: endpoint.model } }, { enabled: open });
  const start = useSend(
    () =>
      api.POST("/api/v1/endpoints/{ref}/releases", {
        params: { path: { ref: endpoint.name } },
        body: {
          version: version ?? "",
          strategy,
          reason: reason.trim(),
          force: force.trim() || null,
          policy: strategy === "canary" ? { share: Number(share) / 100, max_days: Number(days) } : null,
        },
      }),
    { onDone: (made) => void navigate(`/releases/${made.id}`) },
  );
  const refused = start.isError && strategy === "champion" && problemOf(start.error).code === "refused";
  const choices = (model.data?.versions ?? [])
    .filter((one) => one.id !== active?.champion)
    .map((one) => ({ value: one.id, label: `v${one.number}${one.aliases.length > 0 ? ` (${one.aliases.join(", ")})` : ""}` }));
  return (
    <>
      <Button
        leftSection={<IconArrowsSplit2 size={16} aria-hidden />}
        onClick={() => {
          start.reset();
          setOpen(true);
        }}
      >
        Release a version
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={<Text fw={600}>{`Release on ${endpoint.name}`}</Text>} size="lg">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            start.mutate(undefined);
          }}
        >
          <Stack>
            <Select label={`Version of ${endpoint.model}`} placeholder={model.isPending ? "loading …" : choices.length === 0 ? "no other version is registered" : "Choose one"} nothingFoundMessage={model.isPending ? "loading …" : "No other version is registered"} required searchable data-autofocus data={choices} value={version} onChange={setVersion} />
            <div>
              <SegmentedControl
                fullWidth
                aria-label="How it is released"
                value={strategy}
                onChange={(value) => setStrategy(value as Strategy)}
                data={[
                  { value: "canary", label: "As canary", disabled: active === null },
                  { value: "champion", label: "At once" },
                ]}
              />
              <Text size="sm" c="dimmed" mt={6}>
                {active === null ? "Nothing serves yet, so the first version answers everyone." : MEANS[strategy]}
              </Text>
            </div>
            {strategy === "canary" && (
              <SimpleGrid cols={{ base: 1, sm: 2 }}>
                <NumberInput label="Share of units" description="that it answers" suffix=" %" min={1} max={50} value={share} onChange={setShare} />
                <NumberInput label="At most" description="then the better estimate wins" suffix=" days" min={1} value={days} onChange={setDays} />
              </SimpleGrid>
            )}
            <Textarea label="Reason" description="One sentence that still makes sense in a year." autosize minRows={2} required value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
            {start.isError && <ErrorNotice error={start.error} />}
            {(refused || force !== "") && (
              <Textarea label="Release it past its gate, because" description="The reason is kept in the ledger." autosize minRows={2} value={force} onChange={(event) => setForce(event.currentTarget.value)} />
            )}
            <Group justify="flex-end">
              <Button variant="default" onClick={() => setOpen(false)}>
                Not now
              </Button>
              <Button type="submit" color={force ? "pomegranate" : "leaf"} loading={start.isPending} disabled={version === null || reason.trim() === ""}>
                {force ? "Force it" : strategy === "canary" ? "Start the canary" : "Serve it"}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
