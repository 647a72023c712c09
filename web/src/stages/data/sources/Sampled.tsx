/** What a source answered: that it is there, what can be taken, a few rows. */
import { Alert, Stack, Text } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";

import type { Schema } from "~/api/types";
import { number } from "~/ui/format";

import { Rows } from "../Rows";

const SHOWN = 12;

export function Answered({ tested }: { tested: { answer: string; took_ms: number; tables?: { name: string }[] } }) {
  const tables = tested.tables ?? [];
  const names = tables.slice(0, SHOWN).map((table) => table.name);
  return (
    <Alert color="leaf" icon={<IconCheck size={20} aria-hidden />} title={`It answers: ${tested.answer}`} role="status">
      {`${number(Math.round(tested.took_ms))} ms; ${number(tables.length)} to take from${names.length > 0 ? `: ${names.join(", ")}` : ""}${tables.length > SHOWN ? " …" : ""}`}
    </Alert>
  );
}

export function Sampled({ sample }: { sample: Schema<"Sample"> }) {
  return (
    <Stack gap="xs">
      <Text size="sm" c="dimmed">
        {sample.columns.map((column) => `${column.name} ${column.type}`).join(", ")}
      </Text>
      {sample.rows.length > 0 ? <Rows rows={sample.rows} label="Sample" /> : <Text c="dimmed">No rows.</Text>}
    </Stack>
  );
}
