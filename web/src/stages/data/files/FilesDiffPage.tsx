import { Badge, Button } from "@mantine/core";
import { useState } from "react";
import { useParams } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { bytes, number } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Figures, Page, Section } from "~/ui/Page";
import { None } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import classes from "./files.module.css";
import { fileAt } from "./recipe";

type Change = Schema<"FileChange">;
const COLOURS = { added: "leaf", removed: "pomegranate", changed: "quince" };
const IMAGE = /\.(jpe?g|png|gif|webp|bmp|avif)$/i;

/** What changed between two versions of a file set. */
export default function FilesDiffPage() {
  const { old = "", new: now = "" } = useParams();
  const [limit, setLimit] = useState(200);
  const path = { ref: old, other: now };
  const { data, error, refetch } = useGet("/api/v1/file-set-versions/{ref}/diff/{other}", { path, query: { limit } }, { immutable: true });
  const set = useGet("/api/v1/file-set-versions/{ref}", { path: { ref: now } });
  const crumbs = [
    { title: "File sets", to: "/data/files" },
    ...(set.data ? [{ title: set.data.file_set, to: `/data/files/${set.data.file_set_id}` }] : []),
  ];
  if (!data) {
    return (
      <Page title="What changed" crumbs={crumbs}>
        {error ? <ErrorNotice error={error} retry={() => void refetch()} /> : <Loading lines={8} />}
      </Page>
    );
  }
  const all = data.added + data.changed + data.removed;
  return (
    <Page title={`${data.old} to ${data.new.slice(data.new.lastIndexOf("@") + 1)}`} crumbs={crumbs}>
      <Figures
        figures={[
          { label: "Added", value: `+${number(data.added)}`, note: `${bytes(data.size_added)} came, changed files included` },
          { label: "Changed", value: number(data.changed), note: "another content, or no longer executable" },
          { label: "Removed", value: `−${number(data.removed)}`, note: `${bytes(data.size_removed)} went, changed files included` },
          { label: "The same", value: number(data.unchanged), note: "stored once" },
        ]}
      />
      <Section title="Files">
        <Table
          id="file-changes"
          label="Changes"
          columns={columns(old, now)}
          rows={data.changes}
          rowId={(row) => row.path}
          empty={<EmptyState title="Nothing changed" />}
        />
        {data.next_after && (
          <Button mt="sm" variant="light" onClick={() => setLimit(Math.min(limit * 5, 10_000))} disabled={limit >= 10_000}>
            {`${number(all - data.changes.length)} more`}
          </Button>
        )}
      </Section>
      <Section title="The same from a terminal or a notebook">
        <Snippet cli={`pomona files diff ${data.old} ${data.new}`} sdk={`for change in pom.files.changes("${data.old}", "${data.new}"):\n    print(change.change, change.path)`} />
      </Section>
    </Page>
  );
}

function columns(old: string, now: string): Column<Change>[] {
  return [
    { id: "change", title: "Change", width: 110, cell: (row) => <Badge color={COLOURS[row.change]} variant="light">{row.change}</Badge> },
    { id: "path", title: "Path", width: 320, grow: true, cell: (row) => <span title={row.path}>{row.path}</span> },
    { id: "before", title: "Before", width: 130, cell: (row) => <Side version={old} entry={row.old} /> },
    { id: "after", title: "After", width: 130, cell: (row) => <Side version={now} entry={row.new} /> },
  ];
}

function Side({ version, entry }: { version: string; entry: Schema<"FileEntry"> | null | undefined }) {
  if (!entry) return <None />;
  if (entry.mode === "link") return <>{`link to ${entry.target}`}</>;
  const address = fileAt(version, entry.path);
  return (
    <a href={address} target="_blank" rel="noreferrer" className={classes.side}>
      {IMAGE.test(entry.path) && <img src={address} alt="" loading="lazy" />}
      {bytes(entry.size)}
    </a>
  );
}
