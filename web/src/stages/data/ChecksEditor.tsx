import { ActionIcon, Autocomplete, Button, Group, Modal, MultiSelect, NumberInput, Select, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { IconPlus, IconSparkles, IconTestPipe, IconTrash } from "@tabler/icons-react";
import { useState } from "react";

import { api } from "~/api/client";
import { useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice } from "~/ui/notices";

import { inWords, isWhole, KINDS, levels, type Check, type CheckKind } from "./checks";
import { QualityReport } from "./QualityReport";

const BLANK: Check = { kind: "not_null", column: null, columns: [], min: null, max: null, values: [], pattern: "", expression: "", to: "", to_columns: [], types: {}, max_age_h: null, max_change: null, warn: 0, fail: 0, critical: null, name: "" };

/** Declares what every version is checked for; `newest` is what they can be tried on and proposed from. */
export function ChecksEditor({ dataset, newest }: { dataset: Schema<"Dataset">; newest: Schema<"DataVersion"> | undefined }) {
  const columns = newest?.schema.map((field) => field.name) ?? [];
  const path = { path: { ref: newest?.id ?? "" } };
  const [open, setOpen] = useState(false);
  const [checks, setChecks] = useState<Check[]>([]);
  const save = useSend((body: Check[]) => api.PUT("/api/v1/datasets/{ref}/checks", { params: { path: { ref: dataset.id } }, body }), {
    onDone: () => setOpen(false),
  });
  const suggest = useSend((_: Check[]) => api.GET("/api/v1/data-versions/{ref}/quality/suggestion", { params: path }), {
    onDone: (found, old) => setChecks(withNew(old, ((found ?? []) as Check[]).map(asEdited))),
  });
  const attempt = useSend((body: Check[]) => api.POST("/api/v1/data-versions/{ref}/quality/trial", { params: path, body }));
  const change = (place: number, changes: Partial<Check>) => setChecks((old) => old.map((check, at) => (at === place ? { ...check, ...changes } : check)));
  return (
    <>
      <Button
        variant="default"
        size="xs"
        onClick={() => {
          setChecks(dataset.checks.map(asEdited));
          save.reset();
          attempt.reset();
          setOpen(true);
        }}
      >
        {dataset.checks.length > 0 ? "Change the checks" : "Add checks"}
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={<Text fw={600}>{`What every version of ${dataset.name} is checked for`}</Text>} size="66rem">
        <Stack>
          {checks.map((check, place) => (
            <EditedCheck
              key={place}
              check={check}
              columns={columns}
              number={place + 1}
              onChange={(changes) => change(place, changes)}
              onRemove={() => setChecks((old) => old.filter((_, at) => at !== place))}
            />
          ))}
          <Group gap="xs">
            <Button variant="light" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setChecks((old) => [...old, BLANK])}>
              Another check
            </Button>
            {newest && (
              <>
                <Button variant="light" leftSection={<IconSparkles size={16} aria-hidden />} loading={suggest.isPending} onClick={() => suggest.mutate(checks)}>
                  {`Propose some from v${newest.number}`}
                </Button>
                <Button variant="light" leftSection={<IconTestPipe size={16} aria-hidden />} loading={attempt.isPending} disabled={checks.length === 0} onClick={() => attempt.mutate(checks)}>
                  {`Try them on v${newest.number}`}
                </Button>
              </>
            )}
          </Group>
          {suggest.isError && <ErrorNotice error={suggest.error} />}
          {attempt.isError && <ErrorNotice error={attempt.error} />}
          {attempt.data && <QualityReport report={attempt.data as Schema<"QualityReport">} />}
          {save.isError && <ErrorNotice error={save.error} />}
          <Group justify="space-between">
            <Text size="sm" c="dimmed">
              They run at the next commit; a version's page can run them again.
            </Text>
            <Group gap="xs">
              <Button variant="default" onClick={() => setOpen(false)}>
                Not now
              </Button>
              <Button loading={save.isPending} onClick={() => save.mutate(checks)}>
                Save the checks
              </Button>
            </Group>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

function EditedCheck(props: { check: Check; columns: string[]; number: number; onChange: (changes: Partial<Check>) => void; onRemove: () => void }) {
  const { check, columns, onChange } = props;
  const needs = KINDS.find((one) => one.kind === check.kind)!.needs;
  const whole = isWhole(check.kind);
  const score = check.kind === "distribution";
  const amount = (label: string, value: number | null, set: (value: number | null) => void, scale = 1) => (
    <NumberInput
      label={label}
      w={label.startsWith("Critical") ? 128 : 104}
      hideControls
      value={value === null ? "" : Number((value * scale).toPrecision(12))}
      onChange={(typed) => set(typed === "" ? null : Number(typed) / scale)}
    />
  );
  return (
    <div role="group" aria-label={`Check ${props.number}`}>
      <Group align="flex-end" gap="xs">
        <Select
          label="Must be"
          w={190}
          allowDeselect={false}
          data={KINDS.map(({ kind, label }) => ({ value: kind, label }))}
          value={check.kind}
          onChange={(kind) => kind && onChange(turnedInto(kind as CheckKind, check))}
        />
        {needs.includes("column") && <Autocomplete label="Column" w={170} data={columns} value={check.column ?? ""} onChange={(column) => onChange({ column: column || null })} />}
        {needs.includes("columns") && <MultiSelect label="Columns" w={230} data={[...new Set([...columns, ...check.columns])]} value={check.columns} onChange={(chosen) => onChange({ columns: chosen })} />}
        {needs.includes("range") && (
          <>
            {amount("At least", check.min, (min) => onChange({ min }))}
            {amount("At most", check.max, (max) => onChange({ max }))}
          </>
        )}
        {needs.includes("values") && <TagsInput label="Values" w={250} value={check.values.map(String)} onChange={(values) => onChange({ values: values.map((text) => likeBefore(text, check.values)) })} acceptValueOnBlur />}
        {needs.includes("pattern") && <TextInput label="Pattern" w={220} placeholder="^[A-Z]{2}$" value={check.pattern} onChange={(event) => onChange({ pattern: event.currentTarget.value })} />}
        {needs.includes("expression") && (
          <TextInput label="Condition" w={330} placeholder="departure <= arrival" value={check.expression} onChange={(event) => onChange({ expression: event.currentTarget.value })} />
        )}
        {needs.includes("to") && (
          <TextInput
            label={score ? "As in" : "In dataset"}
            w={170}
            placeholder={score ? "the version before" : "airports"}
            value={check.to}
            onChange={(event) => onChange({ to: event.currentTarget.value })}
          />
        )}
        {check.kind === "exists" && (
          <TagsInput label="Its columns" w={170} placeholder="the same names" value={check.to_columns} onChange={(to_columns) => onChange({ to_columns })} acceptValueOnBlur />
        )}
        {needs.includes("age") && amount("Hours", check.max_age_h, (max_age_h) => onChange({ max_age_h }))}
        {needs.includes("change") && amount("At most, %", check.max_change, (max_change) => onChange({ max_change }), 100)}
        {!whole && (
          <>
            {amount(score ? "Warn above" : "Warn above, %", check.warn, (warn) => onChange({ warn }), score ? 1 : 100)}
            {amount(score ? "Fail above" : "Fail above, %", check.fail, (fail) => onChange({ fail }), score ? 1 : 100)}
            {amount(score ? "Critical above" : "Critical above, %", check.critical, (critical) => onChange({ critical }), score ? 1 : 100)}
          </>
        )}
        {whole && (
          <Select
            label="If not"
            w={135}
            allowDeselect={false}
            data={[
              { value: "critical", label: "it is critical" },
              { value: "fail", label: "it fails" },
              { value: "warn", label: "it warns" },
            ]}
            value={check.critical !== null ? "critical" : check.fail === null ? "warn" : "fail"}
            onChange={(then) => onChange({ fail: then === "warn" ? null : 0, critical: then === "critical" ? 0 : null })}
          />
        )}
        <ActionIcon size="lg" aria-label={`Remove check ${props.number}`} onClick={props.onRemove}>
          <IconTrash size={17} />
        </ActionIcon>
      </Group>
      <Text size="sm" c="dimmed" mt={4}>{`${inWords(check)}; it ${levels(check)}`}</Text>
    </div>
  );
}

/** A check as its fields show it: one column of those that take several is a list of one. */
function asEdited(check: Check): Check {
  const several = KINDS.find((one) => one.kind === check.kind)!.needs.includes("columns");
  return several && check.columns.length === 0 && check.column ? { ...check, columns: [check.column], column: null } : check;
}

/** Another kind of the same check; a score has other usual levels than a share of rows. */
function turnedInto(kind: CheckKind, check: Check): Partial<Check> {
  if (kind === "distribution" && check.kind !== kind) return { kind, warn: 0.1, fail: 0.25, critical: null };
  if (kind !== "distribution" && check.kind === "distribution") return { kind, warn: 0, fail: 0, critical: null };
  return { kind };
}

/** What is there, and of the proposals those that say something else. */
function withNew(old: Check[], proposed: Check[]): Check[] {
  const known = new Set(old.map((check) => `${check.kind} ${check.column ?? check.columns.join()}`));
  return [...old, ...proposed.filter((check) => !known.has(`${check.kind} ${check.column ?? ""}`))];
}

/** A typed value: what it was if it is unchanged, a number where the others are numbers, else text. */
function likeBefore(text: string, before: Check["values"]): Check["values"][number] {
  const same = before.find((value) => String(value) === text);
  if (same !== undefined) return same;
  return before.length > 0 && before.every((value) => typeof value === "number") && text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}
