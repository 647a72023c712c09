import { Button, Group, Stack } from "@mantine/core";
import { IconArrowsDiff } from "@tabler/icons-react";
import { Link, useParams } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { Chart } from "~/ui/Chart";
import { bytes, number } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Facts, Figures, Page, Section } from "~/ui/Page";
import { None, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

type Version = Schema<"FileSetVersion">;
const CRUMBS = [
  { title: "Data", to: "/data" },
  { title: "File sets", to: "/data/files" },
];

const COLUMNS: Column<Version>[] = [
  { id: "number", title: "Version", width: 84, cell: (row) => `v${row.number}` },
  { id: "files", title: "Files", width: 90, align: "right", cell: (row) => number(row.files) },
  { id: "size", title: "Size", width: 100, align: "right", cell: (row) => bytes(row.size) },
  { id: "new", title: "New bytes", width: 100, align: "right", cell: (row) => bytes(row.size_new) },
  { id: "added", title: "Added", width: 84, align: "right", cell: (row) => count(row.files_added, "+") },
  { id: "changed", title: "Changed", width: 90, align: "right", cell: (row) => count(row.files_changed, "") },
  { id: "removed", title: "Removed", width: 90, align: "right", cell: (row) => count(row.files_removed, "−") },
  { id: "note", title: "Note", width: 150, grow: true, cell: (row) => (row.dropped_at ? "its files were dropped" : <span title={row.note}>{row.note || <None />}</span>) },
  { id: "at", title: "Committed", width: 130, cell: (row) => <TimeAgo at={row.created_at} /> },
  { id: "digest", title: "Digest", width: 120, hidden: true, cell: (row) => <code>{row.digest.slice(0, 12)}</code> },
  { id: "by", title: "By", width: 90, hidden: true, cell: (row) => row.created_by },
];

function count(files: number, sign: string) {
  return files === 0 ? <None /> : `${sign}${number(files)}`;
}

/** A file set: its versions, and how it grew. */
export default function FileSetPage() {
  const { ref = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/file-sets/{ref}", { path: { ref } });
  if (!data) {
    return (
      <Page title="File set" crumbs={CRUMBS}>
        {isPending ? <Loading /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown set={data} />;
}

function Shown({ set }: { set: Schema<"FileSet"> }) {
  const versions = useGet("/api/v1/file-sets/{ref}/versions", { path: { ref: set.id } });
  const [newest, before] = versions.data ?? [];
  const recipe = { cli: `pomona files add ${set.name} FOLDER`, sdk: `pom.files.add("${set.name}", "folder/")` };
  return (
    <Page
      title={set.name}
      crumbs={CRUMBS}
      lead={set.description || undefined}
      actions={
        newest && before && !newest.dropped_at && !before.dropped_at ? (
          <Button component={Link} to={`/data/files/diff/${before.id}/${newest.id}`} variant="light" leftSection={<IconArrowsDiff size={16} aria-hidden />}>
            {`What changed in v${newest.number}`}
          </Button>
        ) : undefined
      }
    >
      {newest && <Numbers versions={versions.data ?? []} newest={newest} />}
      <Section title="Versions" note="Each is what it was, for ever: every file is checked against its digest when it is read.">
        {versions.error && <ErrorNotice error={versions.error} />}
        {versions.isPending && <Loading />}
        {versions.data && (
          <Stack>
            {versions.data.length > 1 && <Growth versions={versions.data} />}
            <Table
              id="file-set-versions"
              label="Versions"
              columns={COLUMNS}
              rows={versions.data}
              rowId={(row) => row.id}
              href={(row) => `/data/files/versions/${row.id}`}
              empty={
                <EmptyState title="No version yet" recipe={recipe}>
                  Add a folder from a terminal or a notebook.
                </EmptyState>
              }
            />
          </Stack>
        )}
      </Section>
      <Section title="What it is">
        <Facts
          facts={[
            ["may serve", set.purposes.length > 0 ? set.purposes.join(", ") : <None key="purposes" why="nothing declared" />],
            ["created", <span key="created">{set.created_by}, <TimeAgo at={set.created_at} /></span>],
          ]}
        />
      </Section>
      {newest && (
        <Section title="The same from a terminal or a notebook">
          <Snippet {...recipe} />
        </Section>
      )}
    </Page>
  );
}

function Numbers({ versions, newest }: { versions: Version[]; newest: Version }) {
  const all = versions.reduce((sum, one) => sum + one.size, 0);
  const stored = versions.reduce((sum, one) => sum + one.size_new, 0);
  return (
    <Figures
      figures={[
        { label: "Files", value: number(newest.files), note: <Group gap="xs">{newest.kinds.map((one) => `${number(one.files)} ${one.kind}`).join(", ")}</Group> },
        { label: "Size", value: bytes(newest.size), note: "of the newest version" },
        { label: "All versions", value: bytes(all), note: `as ${number(versions.length)} separate folders` },
        { label: "Stored", value: bytes(stored), note: "what is the same is kept once" },
      ]}
    />
  );
}

function Growth({ versions }: { versions: Version[] }) {
  const bars = [...versions].reverse().slice(-40).map((one) => ({
    label: `v${one.number}`,
    value: one.size,
    color: "var(--mantine-color-leaf-5)",
    note: `${number(one.files)} files, ${bytes(one.size_new)} new`,
  }));
  return <Chart kind="bars" label="Size by version" bars={bars} format={bytes} height={150} />;
}
