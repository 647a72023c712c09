/** SQL to read and to write, with what is wrong marked at its line. */
import { Alert, Group, Stack, Text, Textarea } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";

import type { Schema } from "~/api/types";

import classes from "./marts.module.css";

type Warning = Schema<"SqlWarning">;

const TITLES: Record<Warning["kind"], string> = {
  leakage: "The future may leak in",
  not_reproducible: "Not the same twice",
  untraced: "Columns are not followed",
};

/** A plain box for SQL. Tab leaves it, as everywhere. */
export function SqlEditor({ value, onChange, error }: { value: string; onChange: (sql: string) => void; error?: React.ReactNode }) {
  return (
    <Textarea
      label="SQL"
      description={'One SELECT in DuckDB\'s dialect. Datasets stand after FROM; quote what is no plain word: "credit/loans", "loans@v3".'}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={error}
      autosize
      minRows={7}
      maxRows={28}
      spellCheck={false}
      autoComplete="off"
      className={classes.sql}
    />
  );
}

/** SQL as it ran, by lines. */
export function SqlText({ sql, warnings = [], errorLine = null }: { sql: string; warnings?: Warning[]; errorLine?: number | null }) {
  const warned = new Set(warnings.map((warning) => warning.line));
  return (
    <pre className={classes.text} tabIndex={0} role="region" aria-label="SQL">
      {sql.split("\n").map((line, place) => {
        const tone = errorLine === place + 1 ? "pomegranate" : warned.has(place + 1) ? "quince" : undefined;
        return (
          <span key={place} className={classes.line} data-number={place + 1} data-tone={tone}>
            {line}
            {"\n"}
          </span>
        );
      })}
    </pre>
  );
}

/** What is allowed but probably wrong. */
export function Warnings({ warnings }: { warnings: Warning[] }) {
  if (warnings.length === 0) return null;
  return (
    <Stack gap="xs">
      {warnings.map((warning, place) => (
        <Alert key={place} color="quince" icon={<IconAlertTriangle size={20} aria-hidden />} title={TITLES[warning.kind]}>
          <Group gap={6}>
            {warning.line !== null && (
              <Text span size="sm" fw={600}>
                {`Line ${warning.line}:`}
              </Text>
            )}
            <span>{`${warning.message}.`}</span>
          </Group>
          {warning.hint && (
            <Text size="sm" mt={4} ff="monospace">
              {warning.hint}
            </Text>
          )}
        </Alert>
      ))}
    </Stack>
  );
}
