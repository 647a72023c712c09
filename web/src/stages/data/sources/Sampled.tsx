/** What a source answered: that it is there, what can be taken, a few rows. */
import { Alert, Stack, Text } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";

import type { Schema } from "~/api/types";
import { number } from "~/ui/format";

import { Rows } from "../Rows";

export function Answered({ tested }: { tested: Schema<"Tested"> }) {
  return (
    <Alert color="leaf" icon={<IconCheck size={20} aria-hidden />} title={`It answers: ${tested.answer}`} role="status">
      {`${number(tested.took_ms)} ms; ${number(tested.tables.length)} to take from${tested.tables.length > 0 ? `: ${tested.tables.slice(0, 12).map((table) => table.name).join(", ")}` : ""}${tested.tables.length > 12 ? " …" : ""}`}
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
