import { Stack, Text } from "@mantine/core";
import { useParams } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { Chart } from "~/ui/Chart";
import { bytes, date, number } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Facts, Page, Section } from "~/ui/Page";
import { None, StateBadge, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { RecordLink } from "../names";
import { ChecksEditor } from "./ChecksEditor";
import { CommitDialog } from "./CommitDialog";
import { History } from "./History";
import { Serves } from "./keeping/Serves";
import { Storage } from "./keeping/Storage";

type Version = Schema<"DataVersion">;
const COLOURS = { green: "var(--mantine-color-leaf-5)", warn: "var(--mantine-color-quince-5)", fail: "var(--mantine-color-pomegranate-4)", critical: "var(--mantine-color-pomegranate-7)" };

const COLUMNS: Column<Version>[] = [
  { id: "number", title: "Version", width: 84, cell: (row) => `v${row.number}` },
  { id: "quality", title: "Quality", width: 112, cell: (row) => (row.dropped_at ? <StateBadge state="archived" label="dropped" /> : <StateBadge state={row.quality} />) },
  { id: "rows", title: "Rows", width: 92, align: "right", cell: (row) => number(row.rows) },
  { id: "added", title: "Added", width: 90, align: "right", cell: (row) => count(row.rows_added, "+") },
  { id: "removed", title: "Removed", width: 90, align: "right", cell: (row) => count(row.rows_removed, "−") },
  { id: "changed", title: "Changed", width: 90, align: "right", cell: (row) => count(row.rows_changed, "") },
  { id: "until", title: "Data until", width: 120, cell: (row) => (row.until ? date(row.until) : <None why="no time column" />) },
  { id: "note", title: "Note", width: 150, grow: true, cell: (row) => <span title={row.note}>{row.note || <None />}</span> },
  { id: "committed", title: "Committed", width: 130, cell: (row) => <TimeAgo at={row.created_at} /> },
  { id: "digest", title: "Digest", width: 120, hidden: true, cell: (row) => <code>{row.digest.slice(0, 12)}</code> },
  { id: "size", title: "Size", width: 90, align: "right", hidden: true, cell: (row) => bytes(row.size) },
  { id: "by", title: "By", width: 90, hidden: true, cell: (row) => row.created_by },
];

function count(rows: number, sign: string) {
  return rows === 0 ? <None /> : `${sign}${number(rows)}`;
}

/** A dataset: its versions over time, what it is checked for, and a way to commit the next. */
export default function DatasetPage() {
  const { ref = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/datasets/{ref}", { path: { ref } });
  if (!data) {
    return (
      <Page title="Dataset" crumbs={[{ title: "Datasets", to: "/data" }]}>
        {isPending ? <Loading /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown dataset={data} />;
}

function Shown({ dataset }: { dataset: Schema<"Dataset"> }) {
  const versions = useGet("/api/v1/datasets/{ref}/versions", { path: { ref: dataset.id } });
  const newest = versions.data?.[0];
  const recipe = { cli: `pomona data commit ${dataset.name} table.parquet`, sdk: `pom.data.commit("${dataset.name}", frame)` };
  return (
    <Page
      title={dataset.name}
      crumbs={[{ title: "Datasets", to: "/data" }]}
      badge={newest && <StateBadge state={newest.quality} />}
      lead={dataset.description || undefined}
      actions={<CommitDialog dataset={dataset} first={newest === undefined} />}
    >
      <Section title="What a row is" actions={<Serves dataset={dataset} newest={newest} />}>
        <Facts
          facts={[
            ["key", dataset.key.length > 0 ? dataset.key.join(", ") : <None key="key" why="rows have no name" />],
            ["time", dataset.time_column ?? <None key="time" why="no time column" />],
            ["may serve", dataset.purposes.length > 0 ? dataset.purposes.join(", ") : <None key="purposes" why="nothing declared" />],
            ["consent", dataset.consent_column ? <code key="consent">{dataset.consent_column}</code> : null],
            ["hypothesis", dataset.hypothesis ? <RecordLink key="hypothesis" id={dataset.hypothesis} /> : null],
            ["created", <span key="created">{dataset.created_by}, <TimeAgo at={dataset.created_at} /></span>],
          ]}
        />
      </Section>
      <Section title="Versions" note="Each is what it was, for ever: its digest is checked whenever it is read.">
        {versions.error && <ErrorNotice error={versions.error} />}
        {versions.isPending && <Loading />}
        {versions.data && (
          <Stack>
            {versions.data.length > 1 && <Growth versions={versions.data} />}
            <Table
              id="data-versions"
              label="Versions"
              columns={COLUMNS}
              rows={versions.data}
              rowId={(row) => row.id}
              href={(row) => `/data/versions/${row.id}`}
              empty={
                <EmptyState title="No version yet" recipe={recipe}>
                  Commit a Parquet or CSV file here, or a data frame from a notebook.
                </EmptyState>
              }
            />
          </Stack>
        )}
      </Section>
      <Section
        title="What every version is checked for"
        note="A version that fails is kept and marked, and nothing is trained on it without a reason; a critical one is not the latest either."
        actions={<ChecksEditor dataset={dataset} newest={newest} />}
      >
        {dataset.checks.length === 0 ? (
          <Text c="dimmed">Nothing yet. A check says what must be true, and from which share of rows on it warns, fails or is critical.</Text>
        ) : (
          <History dataset={dataset} />
        )}
      </Section>
      {newest && versions.data && <Storage dataset={dataset} versions={versions.data} />}
      {newest && (
        <Section title="The same from a terminal or a notebook">
          <Snippet {...recipe} />
        </Section>
      )}
    </Page>
  );
}

function Growth({ versions }: { versions: Version[] }) {
  const bars = [...versions].reverse().slice(-40).map((one) => ({
    label: `v${one.number}`,
    value: one.rows,
    color: COLOURS[one.quality],
    note: `rows, ${one.quality}`,
  }));
  return <Chart kind="bars" label="Rows by version" bars={bars} height={150} />;
}
