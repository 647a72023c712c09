import { ActionIcon, Autocomplete, Button, Group, Modal, MultiSelect, NumberInput, Select, Stack, TagsInput, Text } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";

import { api } from "~/api/client";
import { useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice } from "~/ui/notices";

import { inWords, KINDS, levels, type Check, type CheckKind } from "./checks";

const BLANK: Check = { kind: "not_null", column: null, columns: [], min: null, max: null, values: [], max_age_h: null, max_change: null, warn: 0, fail: 0, name: "" };

/** Declares what every version is checked for. */
export function ChecksEditor({ dataset, columns }: { dataset: Schema<"Dataset">; columns: string[] }) {
  const [open, setOpen] = useState(false);
  const [checks, setChecks] = useState<Check[]>(dataset.checks);
  const save = useSend((body: Check[]) => api.PUT("/api/v1/datasets/{ref}/checks", { params: { path: { ref: dataset.id } }, body }), {
    onDone: () => setOpen(false),
  });
  const change = (place: number, changes: Partial<Check>) => setChecks((old) => old.map((check, at) => (at === place ? { ...check, ...changes } : check)));
  return (
    <>
      <Button
        variant="default"
        size="xs"
        onClick={() => {
          setChecks(dataset.checks);
          save.reset();
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
          <Button variant="light" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setChecks((old) => [...old, BLANK])} style={{ alignSelf: "flex-start" }}>
            Another check
          </Button>
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
  const whole = !needs.includes("column") && !needs.includes("columns");
  const amount = (label: string, value: number | null, set: (value: number | null) => void, scale = 1) => (
    <NumberInput
      label={label}
      w={100}
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
          onChange={(kind) => kind && onChange({ kind: kind as CheckKind })}
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
        {needs.includes("age") && amount("Hours", check.max_age_h, (max_age_h) => onChange({ max_age_h }))}
        {needs.includes("change") && amount("At most, %", check.max_change, (max_change) => onChange({ max_change }), 100)}
        {!whole && check.kind !== "freshness" && (
          <>
            {amount("Warn above, %", check.warn, (warn) => onChange({ warn }), 100)}
            {amount("Fail above, %", check.fail, (fail) => onChange({ fail }), 100)}
          </>
        )}
        {(whole || check.kind === "freshness") && (
          <Select
            label="If not"
            w={120}
            allowDeselect={false}
            data={[
              { value: "fail", label: "it fails" },
              { value: "warn", label: "it warns" },
            ]}
            value={check.fail === null ? "warn" : "fail"}
            onChange={(then) => onChange({ fail: then === "fail" ? 0 : null })}
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

/** A typed value: what it was if it is unchanged, a number where the others are numbers, else text. */
function likeBefore(text: string, before: Check["values"]): Check["values"][number] {
  const same = before.find((value) => String(value) === text);
  if (same !== undefined) return same;
  return before.length > 0 && before.every((value) => typeof value === "number") && text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}
