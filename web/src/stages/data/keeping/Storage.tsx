import { Button, Group, Modal, NumberInput, Stack, Text } from "@mantine/core";
import { IconStack2, IconTrash } from "@tabler/icons-react";
import { useState } from "react";

import { api } from "~/api/client";
import { useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { bytes, count, number, percent } from "~/ui/format";
import { ErrorNotice } from "~/ui/notices";
import { Facts, Section } from "~/ui/Page";
import { TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { JobProgress } from "./jobs";
import { Verify } from "./Kept";

type Version = Schema<"DataVersion">;
type Collected = Schema<"Collected">;

/** The result of the job. */
interface Rebased {
  version: string | null;
  ref: string | null;
  rewritten: number;
  written: number;
  size_before: number;
  size_after: number;
}

/** How a dataset's versions are stored: what rewriting, dropping and verifying would do. */
export function Storage({ dataset, versions }: { dataset: Schema<"Dataset">; versions: Version[] }) {
  const newest = versions[0];
  const hidden = newest?.files.reduce((sum, file) => sum + (file.vector?.hidden ?? 0), 0) ?? 0;
  const rows = newest?.files.reduce((sum, file) => sum + file.rows, 0) ?? 0;
  const dropped = versions.filter((version) => version.dropped_at).length;
  const { automatic, hidden: share, small_files } = dataset.upkeep;
  return (
    <Section
      title="Storage"
      note="Versions share files. What a later version has no more is hidden, and rewritten away when that has become worth it."
      actions={
        <Group gap="xs">
          <Rewrite dataset={dataset} />
          <Drop dataset={dataset} />
        </Group>
      }
    >
      <Facts
        facts={[
          ["versions", `${number(versions.length - dropped)}${dropped > 0 ? `, and ${number(dropped)} dropped` : ""}`],
          ["newest", newest ? `${count(newest.files.length, "file")}, ${bytes(newest.size)}` : null],
          ["hidden in it", rows > 0 ? `${number(hidden)} of ${number(rows)} rows (${percent(hidden / rows)})` : null],
          ["rewritten", automatic ? `by itself: above ${percent(share)} hidden, or ${number(small_files)} small files` : "only when somebody asks"],
        ]}
      />
      <Verify of={dataset.id} />
    </Section>
  );
}

function Rewrite({ dataset }: { dataset: Schema<"Dataset"> }) {
  const [job, setJob] = useState<string>();
  const send = useSend(() => api.POST("/api/v1/datasets/{ref}/rebase", { params: { path: { ref: dataset.id } }, body: {} }), { onDone: (made) => setJob(made.id) });
  return (
    <>
      <Button variant="light" leftSection={<IconStack2 size={16} aria-hidden />} loading={send.isPending} onClick={() => send.mutate(undefined)}>
        Rewrite now
      </Button>
      <Modal opened={send.isError || job !== undefined} onClose={() => (setJob(undefined), send.reset())} title={<Text fw={600}>Rewrite the files</Text>}>
        {send.isError && <ErrorNotice error={send.error} />}
        {job && <JobProgress key={job} id={job} done={(ended) => <Rewritten result={ended.result as Rebased} />} />}
      </Modal>
    </>
  );
}

function Rewritten({ result }: { result: Rebased }) {
  if (!result.version) return <Text size="sm">Nothing to gain: no file hides that much, and there are not several small ones.</Text>;
  return <Text size="sm">{`${result.ref}: ${number(result.rewritten)} files became ${number(result.written)}; ${bytes(result.size_before)} became ${bytes(result.size_after)}. The same rows, no change.`}</Text>;
}

const COLUMNS: Column<Collected["versions"][number]>[] = [
  { id: "version", title: "Version", width: 90, cell: (row) => `v${row.number}` },
  { id: "rows", title: "Rows", width: 110, align: "right", cell: (row) => number(row.rows) },
  { id: "at", title: "Committed", width: 150, cell: (row) => <TimeAgo at={row.created_at} /> },
  { id: "digest", title: "Digest", width: 140, grow: true, cell: (row) => <code>{row.digest.slice(0, 12)}</code> },
];

/** Old versions that nothing needs: shown first, dropped when somebody says so. */
function Drop({ dataset }: { dataset: Schema<"Dataset"> }) {
  const [open, setOpen] = useState(false);
  const [last, setLast] = useState<number | string>(10);
  const [days, setDays] = useState<number | string>(30);
  const ask = useSend((act: "look" | "drop") =>
    api.POST("/api/v1/data-collections", {
      body: { dataset: dataset.id, act, keep: { keep_last: last === "" ? null : Number(last), older_than_days: days === "" ? null : Number(days) } },
    }),
  );
  const close = () => (setOpen(false), ask.reset());
  const found = ask.data as Collected | undefined;
  return (
    <>
      <Button variant="default" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => setOpen(true)}>
        Drop old versions
      </Button>
      <Modal opened={open} onClose={close} size="lg" title={<Text fw={600}>{`Drop old versions of ${dataset.name}`}</Text>}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            ask.mutate("look");
          }}
        >
          <Stack>
            <Group grow align="flex-start">
              <NumberInput label="Keep the last" description="none of them goes" min={1} value={last} onChange={setLast} />
              <NumberInput label="Older than, in days" description="no younger one goes" min={0} value={days} onChange={setDays} />
            </Group>
            {ask.isError && <ErrorNotice error={ask.error} />}
            {found && <Shown found={found} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                {found?.done ? "Close" : "Not now"}
              </Button>
              {!found?.done && (
                <Button type="submit" variant="light" loading={ask.isPending}>
                  Show what would go
                </Button>
              )}
              {found && !found.done && (found.versions.length > 0 || found.files > 0) && (
                <Button color="pomegranate" loading={ask.isPending} onClick={() => ask.mutate("drop")}>
                  {`Drop ${count(found.versions.length, "version")}`}
                </Button>
              )}
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}

function Shown({ found }: { found: Collected }) {
  return (
    <Stack gap="xs" role="status">
      <Text size="sm" fw={600}>
        {`${count(found.versions.length, "version")} ${found.done ? "dropped" : "would be dropped"}; ${count(found.files, "file")}, ${bytes(found.size)} ${found.done ? "freed" : "would be freed"}.`}
      </Text>
      {found.young > 0 && <Text size="sm" c="dimmed">{`${number(found.young)} files are younger than an hour and are left for the next time.`}</Text>}
      {found.held.length > 0 && (
        <Text size="sm" c="dimmed">
          {`Kept although old: ${found.held.map((one) => `v${one.number} (${one.pins.map((pin) => pin.reason).join("; ")})`).join(", ")}.`}
        </Text>
      )}
      {found.versions.length > 0 && <Table id="dropped-versions" label="Versions that go" columns={COLUMNS} rows={found.versions} rowId={(row) => row.id} empty={<Text>None.</Text>} />}
    </Stack>
  );
}
