/** Judge a trace, or change what was judged. */
import { Autocomplete, Button, Checkbox, Group, JsonInput, Modal, NumberInput, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";

import { api } from "~/api/client";
import { useGet, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice } from "~/ui/notices";

import { NO_NAMES } from "./grammar";
import type { Line } from "./tree";
import { valueOf } from "./Verdict";

type Assessment = Schema<"Assessment">;
type Shape = "yes or no" | "number" | "text" | "JSON";
type Kind = "feedback" | "expectation";

export function AssessDialog({ trace, before, span, onClose }: { trace: string; before: Assessment | null; span: Line | undefined; onClose: () => void }) {
  const { data: names = NO_NAMES } = useGet("/api/v1/traces/names");
  const [kind, setKind] = useState<Kind>("feedback");
  const [name, setName] = useState("");
  const [shape, setShape] = useState<Shape>(before ? shapeOf(valueOf(before)) : "yes or no");
  const [value, setValue] = useState<unknown>(before ? valueOf(before) : true);
  const [rationale, setRationale] = useState(before?.rationale ?? "");
  const [ofSpan, setOfSpan] = useState(false);
  const send = useSend(
    (said: unknown) =>
      before
        ? api.PATCH("/api/v1/traces/{trace_id}/assessments/{assessment_id}", { params: { path: { trace_id: trace, assessment_id: before.id } }, body: { value: said, rationale } })
        : api.POST("/api/v1/traces/{trace_id}/assessments", { params: { path: { trace_id: trace } }, body: { name, kind, value: said, rationale: rationale || null, span_id: ofSpan && span ? span.span_id : null } }),
    { onDone: onClose },
  );
  const said = finished(shape, value);
  const as = (next: string) => {
    setShape(next as Shape);
    setValue(next === "yes or no" ? true : next === "number" ? 1 : "");
  };
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>{before ? `Change ${before.name}` : "Judge this trace"}</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate(said);
        }}
      >
        <Stack gap="sm">
          {!before && (
            <>
              <SegmentedControl
                aria-label="What kind of judgement"
                value={kind}
                onChange={(next) => {
                  setKind(next as Kind);
                  as(next === "expectation" ? "text" : "yes or no");
                }}
                data={[
                  { value: "feedback", label: "Feedback" },
                  { value: "expectation", label: "Expectation" },
                ]}
              />
              <Autocomplete label="Name" required openOnFocus={false} data-autofocus placeholder={kind === "feedback" ? "helpful" : "expected_answer"} data={kind === "feedback" ? names.feedback : names.expectations} value={name} onChange={setName} maxLength={250} />
            </>
          )}
          <SegmentedControl size="xs" aria-label="Shape of the value" value={shape} onChange={as} data={["yes or no", "number", "text", "JSON"]} />
          <Value shape={shape} value={value} onChange={setValue} />
          <Textarea label="Why" autosize minRows={2} placeholder="It names the day, but not the parcel." value={rationale} onChange={(event) => setRationale(event.currentTarget.value)} />
          {!before && span && span.depth > 0 && <Checkbox label={`Of the chosen span only: ${span.name}`} checked={ofSpan} onChange={(event) => setOfSpan(event.currentTarget.checked)} />}
          {send.error && <ErrorNotice error={send.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Not now
            </Button>
            <Button type="submit" loading={send.isPending} disabled={said === undefined || (!before && name.trim() === "")}>
              {before ? "Change it" : "Keep it"}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Value({ shape, value, onChange }: { shape: Shape; value: unknown; onChange: (value: unknown) => void }) {
  if (shape === "yes or no") return <SegmentedControl aria-label="Value" value={value === false ? "no" : "yes"} onChange={(next) => onChange(next === "yes")} data={["yes", "no"]} />;
  if (shape === "number") return <NumberInput label="Value" value={typeof value === "number" ? value : ""} onChange={onChange} />;
  if (shape === "text") return <Textarea label="Value" autosize minRows={2} value={String(value ?? "")} onChange={(event) => onChange(event.currentTarget.value)} />;
  return <JsonInput label="Value" autosize minRows={3} formatOnBlur validationError="This is no JSON" value={typeof value === "string" ? value : JSON.stringify(value, null, 2)} onChange={onChange} />;
}

function shapeOf(value: unknown): Shape {
  return typeof value === "boolean" ? "yes or no" : typeof value === "number" ? "number" : typeof value === "string" ? "text" : "JSON";
}

/** The value as it will be sent; undefined while it is none. */
function finished(shape: Shape, value: unknown): unknown {
  if (shape === "JSON" && typeof value === "string") {
    try {
      return JSON.parse(value) ?? undefined;
    } catch {
      return undefined;
    }
  }
  return value === "" || value === null ? undefined : value;
}
