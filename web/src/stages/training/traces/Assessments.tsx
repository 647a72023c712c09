/** What was judged of a trace; people add and change judgements here. */
import { ActionIcon, Badge, Button, Group, Text, Tooltip } from "@mantine/core";
import { IconPencil, IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";

import { api } from "~/api/client";
import { useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice } from "~/ui/notices";
import { Section } from "~/ui/Page";
import { TimeAgo } from "~/ui/small";

import { AssessDialog } from "./AssessDialog";
import classes from "./traces.module.css";
import type { Line } from "./tree";
import { Verdict } from "./Verdict";

type Assessment = Schema<"Assessment">;

export function Assessments({ trace, items, spans, chosen }: { trace: string; items: Assessment[]; spans: Line[]; chosen: Line | undefined }) {
  const [open, setOpen] = useState<"" | "new" | Assessment>("");
  const withdraw = useSend((assessment_id: string) => api.DELETE("/api/v1/traces/{trace_id}/assessments/{assessment_id}", { params: { path: { trace_id: trace, assessment_id } } }));
  return (
    <Section
      title="Judgements"
      note="Feedback says how good it was; an expectation says what would have been right."
      actions={
        <Button size="xs" variant="light" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setOpen("new")}>
          Judge it
        </Button>
      }
    >
      {items.length === 0 ? (
        <Text c="dimmed" size="sm">
          Nobody has judged it yet.
        </Text>
      ) : (
        <div className={classes.judged}>
          {items.map((item) => (
            <One key={item.id} item={item} span={spans.find((line) => line.span_id === item.span_id)} onEdit={() => setOpen(item)} onWithdraw={() => withdraw.mutate(item.id)} />
          ))}
        </div>
      )}
      {withdraw.error && <ErrorNotice error={withdraw.error} />}
      {open !== "" && <AssessDialog trace={trace} before={open === "new" ? null : open} span={chosen} onClose={() => setOpen("")} />}
    </Section>
  );
}

const SOURCES: Record<string, string> = { HUMAN: "by", LLM_JUDGE: "by the judge", AI_JUDGE: "by the judge", CODE: "by code" };

function One({ item, span, onEdit, onWithdraw }: { item: Assessment; span: Line | undefined; onEdit: () => void; onWithdraw: () => void }) {
  return (
    <div className={classes.judgement} data-old={!item.valid || undefined}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Group gap={8} style={{ minWidth: 0 }}>
          <Text fw={600} size="sm">
            {item.name}
          </Text>
          {item.kind !== "feedback" && <Badge variant="default">{item.kind}</Badge>}
          {!item.valid && <Badge variant="default">overridden</Badge>}
        </Group>
        <Group gap={0} wrap="nowrap">
          <Tooltip label="Change it">
            <ActionIcon size="sm" aria-label={`Change ${item.name}`} onClick={onEdit}>
              <IconPencil size={14} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Take it back">
            <ActionIcon size="sm" aria-label={`Take ${item.name} back`} onClick={onWithdraw}>
              <IconTrash size={14} />
            </ActionIcon>
          </Tooltip>
        </Group>
      </Group>
      <Text component="div" size="sm" my={3}>
        <Verdict of={item} />
      </Text>
      {item.rationale && <Text size="sm">{item.rationale}</Text>}
      <Text size="xs" c="dimmed" mt={4}>
        {`${SOURCES[item.source_type] ?? "by"} ${item.source_id || "somebody"}`}
        {span && ` of ${span.name}`}, <TimeAgo at={new Date(item.updated_ms).toISOString()} plain />
      </Text>
    </div>
  );
}
