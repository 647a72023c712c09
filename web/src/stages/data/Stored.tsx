import { Anchor, Text } from "@mantine/core";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { bytes, number, percent } from "~/ui/format";
import { ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Facts, Section } from "~/ui/Page";
import { CopyButton, None } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

type Version = Schema<"DataVersion">;
type DataFile = Version["files"][number] & { place: number; shared: boolean };

const COLUMNS: Column<DataFile>[] = [
  { id: "file", title: "File", width: 160, cell: (row) => <code title={row.digest}>{row.digest.slice(0, 12)}</code> },
  { id: "rows", title: "Rows", width: 110, align: "right", cell: (row) => number(row.rows - (row.vector?.hidden ?? 0)) },
  { id: "hidden", title: "Hidden by a vector", width: 170, align: "right", cell: (row) => (row.vector ? `${number(row.vector.hidden)} (${percent(row.vector.hidden / row.rows)})` : <None />) },
  { id: "size", title: "Size", width: 110, align: "right", cell: (row) => bytes(row.size) },
  { id: "stored", title: "Stored", width: 160, grow: true, cell: (row) => (row.shared ? "with the version before" : "for this version") },
];

/** What a version is made of: files, what is hidden in them, what it shares with the version before. */
export function Stored({ version }: { version: Version }) {
  const parent = useGet("/api/v1/data-versions/{ref}", { path: { ref: version.parent ?? "" } }, { enabled: version.parent !== null, immutable: true });
  const before = new Set(parent.data?.files.map((file) => file.digest));
  const files = version.files.map((file, place) => ({ ...file, place, shared: before.has(file.digest) }));
  const total = (of: (file: DataFile) => number) => files.reduce((sum, file) => sum + of(file), 0);
  const hidden = total((file) => file.vector?.hidden ?? 0);
  const rows = total((file) => file.rows);
  const size = total((file) => file.size);
  const shared = total((file) => (file.shared ? file.size : 0));
  return (
    <Section title="Files and vectors" note="A file never changes. Rows that a later version has no more are hidden by a vector; new and changed ones stand in new files.">
      <Facts
        facts={[
          ["rows in files", number(rows)],
          ["hidden", rows > 0 && hidden > 0 ? `${number(hidden)} (${percent(hidden / rows)})` : <None key="hidden" why="no row is hidden" />],
          ["size", bytes(version.size)],
          ["stored anew", bytes(size - shared)],
          ["saved", shared > 0 ? `${bytes(shared)} (${percent(shared / size)}) are files of the version before` : <None key="saved" why="nothing is shared with the version before" />],
        ]}
      />
      <Table id="version-files" label="Files" columns={COLUMNS} rows={files} rowId={(row) => String(row.place)} empty={<Text c="dimmed">This version has no rows.</Text>} />
    </Section>
  );
}

/** The version's Delta table, for engines that read it where it lies. */
export function DeltaPlace({ version }: { version: Version }) {
  const { data, error } = useGet("/api/v1/data-versions/{ref}/location", { path: { ref: version.id } });
  if (error) return <ErrorNotice error={error} />;
  if (!data) return <Loading lines={4} />;
  const { path, version: entry } = data;
  return (
    <Section title="Read where it lies" note="A Delta Lake table with deletion vectors. On the machine of the store other engines read it without Pomona.">
      <Facts
        facts={[
          ["folder", <span key="folder"><code>{path}</code> <CopyButton value={path} what="folder" /></span>],
          ["table version", String(entry)],
        ]}
      />
      <Snippet
        sdk={`import polars as pl\npl.scan_delta("${path}", version=${entry})\n\nfrom deltalake import DeltaTable\nDeltaTable("${path}", version=${entry}).scan()`}
        cli={`duckdb -c "install delta; load delta; from delta_scan('${path}', version=${entry}) limit 10"`}
      />
    </Section>
  );
}

/** Links that download the version. */
export function Downloads({ version }: { version: Version }) {
  const link = (format: string) => `/api/v1/data-versions/${version.id}/export?format=${format}`;
  const name = `${version.dataset}@v${version.number}`;
  return (
    <Section title="Take it away">
      <Text size="sm" mb="xs">
        {"As "}
        <Anchor href={link("parquet")} download>Parquet</Anchor>{", "}
        <Anchor href={link("csv")} download>CSV</Anchor>{", "}
        <Anchor href={link("jsonl")} download>JSON lines</Anchor>{", a "}
        <Anchor href={link("delta-plain")} download>Delta table without vectors</Anchor>{" (tar), or "}
        <Anchor href={`/api/v1/data-versions/${version.id}/croissant`} download={`${version.dataset.replaceAll("/", "-")}-v${version.number}.croissant.json`}>described in Croissant</Anchor>.
      </Text>
      <Snippet cli={`pomona data export ${name} --out ${version.dataset.replaceAll("/", "-")}.parquet`} sdk={`pom.data.version("${name}").export("${version.dataset.replaceAll("/", "-")}.parquet")`} />
    </Section>
  );
}
