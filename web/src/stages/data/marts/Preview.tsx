import { Alert, Stack, Text } from "@mantine/core";
import { IconScissors } from "@tabler/icons-react";

import type { Schema } from "~/api/types";
import { EmptyState } from "~/ui/notices";
import { Section } from "~/ui/Page";

import { Rows } from "../Rows";
import { LineagePicture } from "./LineagePicture";
import { Warnings } from "./Sql";

/** The first rows of an SQL text that was not kept, with what is known about it. */
export function Preview({ found, name }: { found: Schema<"SqlPreview">; name: string }) {
  const many = found.more ? `The first ${found.rows.length} rows` : found.rows.length === 1 ? "1 row" : `${found.rows.length} rows`;
  return (
    <Stack gap="md">
      <Warnings warnings={found.warnings} />
      <Section title="Preview" note={`${many}, in ${found.seconds.toFixed(2)} s; nothing was kept.`}>
        <Stack>
          {found.sampled.length > 0 && (
            <Alert color="sky" icon={<IconScissors size={20} aria-hidden />} title="On samples">
              {`Only the first rows of ${found.sampled.join(" and ")} were read: sums, counts and what joins find will differ in a build.`}
            </Alert>
          )}
          {found.rows.length > 0 ? (
            <Rows rows={found.rows} label="Preview" />
          ) : (
            <EmptyState title="No rows">A join or a filter lets nothing through, so a build would be refused.</EmptyState>
          )}
          <Text size="sm" c="dimmed">
            {found.columns.map((column) => `${column.name} ${column.type}`).join(", ")}
          </Text>
        </Stack>
      </Section>
      {found.lineage.length > 0 && (
        <Section title="Where its columns come from">
          <LineagePicture lineage={found.lineage} inputs={found.inputs} result={name} />
        </Section>
      )}
    </Stack>
  );
}
