import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { IconPin, IconPinnedOff, IconShieldCheck, IconTag } from "@tabler/icons-react";
import { useState } from "react";

import { api } from "~/api/client";
import { useGet, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading } from "~/ui/notices";
import { Section } from "~/ui/Page";
import { IdLink, None, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { JobProgress } from "./jobs";

type Version = Schema<"DataVersion">;
type Pin = Schema<"Pin">;

/** The result of the job. */
interface Verified {
  versions: number;
  files: number;
  damaged: { version: string; ref: string; detail: string; hint: string | null }[];
}

const COLUMNS: Column<Pin>[] = [
  { id: "kind", title: "Kept by", width: 110, cell: (row) => row.kind },
  { id: "why", title: "Why", width: 260, grow: true, cell: (row) => row.reason },
  { id: "by", title: "By", width: 170, cell: (row) => (/^[a-z]+_|^[0-9a-f]{32}$/.test(row.by) ? <IdLink id={row.by} /> : row.by) },
  { id: "at", title: "Since", width: 130, cell: (row) => (row.at ? <TimeAgo at={row.at} /> : <None />) },
];

/** What keeps a version from being dropped; names for it, pins on it, and a check of its bytes. */
export function Kept({ version }: { version: Version }) {
  const path = { path: { ref: version.id } };
  const { data, error } = useGet("/api/v1/data-versions/{ref}/pins", path);
  const unpin = useSend(() => api.DELETE("/api/v1/data-versions/{ref}/pins", { params: path }));
  return (
    <Section
      title="What keeps it"
      note="A version that nothing keeps may be dropped once it is old. Its number and digest stay even then."
      actions={
        <Group gap="xs">
          <Ask version={version} what="tag" />
          <Ask version={version} what="pin" />
          {data?.some((pin) => pin.kind === "pin") && (
            <Button variant="default" leftSection={<IconPinnedOff size={16} aria-hidden />} loading={unpin.isPending} onClick={() => unpin.mutate(undefined)}>
              Unpin
            </Button>
          )}
        </Group>
      }
    >
      {(error ?? unpin.error) && <ErrorNotice error={error ?? unpin.error} />}
      {!data && !error && <Loading lines={2} />}
      {data && (
        <Table
          id="version-pins"
          label="What keeps it"
          columns={COLUMNS}
          rows={data}
          rowId={(row) => `${row.kind} ${row.id} ${row.reason}`}
          empty={
            <EmptyState title="Nothing keeps this version" recipe={{ cli: `pomona data tag ${version.dataset}@v${version.number} golden`, sdk: `pom.data.pin("${version.dataset}@v${version.number}", reason="...")` }}>
              A tag, a pin, a run that was trained on it, a model, a mart or an open job would.
            </EmptyState>
          }
        />
      )}
    </Section>
  );
}

function Ask({ version, what }: { version: Version; what: "tag" | "pin" }) {
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [reason, setReason] = useState("");
  const params = { path: { ref: version.id } };
  const send = useSend(
    () => (what === "tag" ? api.POST("/api/v1/data-versions/{ref}/tags", { params, body: { name, reason } }) : api.POST("/api/v1/data-versions/{ref}/pins", { params, body: { reason } })) as Promise<{ data?: unknown }>,
    { onDone: () => setOpen(false) },
  );
  const Sign = what === "tag" ? IconTag : IconPin;
  return (
    <>
      <Button variant="light" leftSection={<Sign size={16} aria-hidden />} onClick={() => setOpen(true)}>
        {what === "tag" ? "Tag" : "Pin"}
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={<Text fw={600}>{what === "tag" ? "Name this version" : "Keep this version"}</Text>}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            send.mutate(undefined);
          }}
        >
          <Stack>
            {what === "tag" && (
              <TextInput
                label="Tag"
                description={`${version.dataset}@${name || "golden"} will mean this version. A tag that is on another one moves here.`}
                placeholder="golden"
                required
                data-autofocus
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
              />
            )}
            <Textarea
              label="Reason"
              description="Why it must be kept; it stands in the ledger."
              autosize
              minRows={2}
              required={what === "pin"}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
            {send.isError && <ErrorNotice error={send.error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={() => setOpen(false)}>
                Not now
              </Button>
              <Button type="submit" loading={send.isPending}>
                {what === "tag" ? "Tag it" : "Pin it"}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}

/** A button that has every file of a version or a dataset read and compared with its digest. */
export function Verify({ of }: { of: string }) {
  const [job, setJob] = useState<string>();
  const verify = useSend(() => api.POST("/api/v1/data-verifications", { body: { ref: of } }), { onDone: (made) => setJob(made.id) });
  return (
    <Stack gap="xs">
      <Group>
        <Button variant="light" leftSection={<IconShieldCheck size={16} aria-hidden />} loading={verify.isPending} onClick={() => verify.mutate(undefined)}>
          Verify the files
        </Button>
      </Group>
      {verify.isError && <ErrorNotice error={verify.error} />}
      {job && <JobProgress key={job} id={job} done={(ended) => <Found result={ended.result as Verified} />} />}
    </Stack>
  );
}

function Found({ result }: { result: Verified }) {
  const { damaged } = result;
  if (damaged.length === 0) return <Text size="sm" c="leaf">{`${number(result.files)} files match their digests.`}</Text>;
  return (
    <Stack gap={4}>
      {damaged.map((one) => (
        <Text key={one.version} size="sm" c="pomegranate">{`${one.ref}: ${one.detail}. ${one.hint ?? ""}`}</Text>
      ))}
    </Stack>
  );
}
