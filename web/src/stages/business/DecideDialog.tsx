import { Button, Group, Modal, SegmentedControl, Stack, TagsInput, Text, Textarea } from "@mantine/core";
import { IconGavel } from "@tabler/icons-react";
import { useState } from "react";

import { api } from "~/api/client";
import { useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice } from "~/ui/notices";

type Verdict = Schema<"Decision">["verdict"];

const MEANS: Record<Verdict, string> = {
  go: "The project goes on: models may be released for it.",
  kill: "The project stops. The hypothesis is closed and keeps its reason.",
  pivot: "The idea was wrong, but near it is a better one: this hypothesis is closed; state the new one.",
};

/** Go, kill or pivot, with a reason and what it rests on. */
export function DecideDialog({ hypothesis, suggested }: { hypothesis: Schema<"Hypothesis">; suggested: string[] }) {
  const [open, setOpen] = useState(false);
  const [verdict, setVerdict] = useState<Verdict>("go");
  const [reason, setReason] = useState("");
  const [evidence, setEvidence] = useState<string[]>([]);
  const decide = useSend(
    (body: { verdict: Verdict; reason: string; evidence: string[] }) =>
      api.POST("/api/v1/hypotheses/{ref}/decisions", { params: { path: { ref: hypothesis.id } }, body }),
    { onDone: () => setOpen(false) },
  );
  return (
    <>
      <Button onClick={() => setOpen(true)} leftSection={<IconGavel size={16} aria-hidden />}>
        Decide
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={<Text fw={600}>{`Decide about ${hypothesis.name}`}</Text>} size="lg">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            decide.mutate({ verdict, reason, evidence });
          }}
        >
          <Stack>
            <div>
              <SegmentedControl
                fullWidth
                value={verdict}
                onChange={(value) => setVerdict(value as Verdict)}
                data={[
                  { value: "go", label: "Go" },
                  { value: "kill", label: "Kill" },
                  { value: "pivot", label: "Pivot" },
                ]}
                aria-label="Decision"
              />
              <Text size="sm" c="dimmed" mt={6}>
                {MEANS[verdict]}
              </Text>
            </div>
            <Textarea
              label="Reason"
              description="One sentence that still makes sense in a year."
              autosize
              minRows={3}
              required
              data-autofocus
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
            <TagsInput
              label="Evidence"
              description="Ids of runs, versions or other records, or links to documents. Enter adds one."
              placeholder={evidence.length === 0 ? "none" : ""}
              value={evidence}
              onChange={setEvidence}
              data={suggested}
              acceptValueOnBlur
            />
            {decide.isError && <ErrorNotice error={decide.error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={() => setOpen(false)}>
                Not now
              </Button>
              <Button type="submit" color={verdict === "go" ? "leaf" : "pomegranate"} loading={decide.isPending}>
                {verdict === "go" ? "Go" : verdict === "kill" ? "Kill it" : "Pivot"}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
