import { Badge, Button, Group, SegmentedControl, Switch } from "@mantine/core";
import { IconArrowsDiff } from "@tabler/icons-react";
import { Link } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Figures, Page, Section } from "~/ui/Page";
import { None } from "~/ui/small";
import { useUrlState } from "~/ui/state";
import { Table, type Column } from "~/ui/Table";

import { ComparedColumns } from "./ComparedColumns";
import { DiffRows } from "./DiffRows";
import { Pickers } from "./Pickers";

type Diff = Schema<"Diff">;
type ColumnDiff = Schema<"ColumnDiff">;
type Kind = Schema<"RowDiff">["kind"];
const SIZE = 50;
const KINDS: Kind[] = ["changed", "added", "removed"];

/** How one version became another: rows and columns, then how the values are spread in both. */
export default function DiffPage() {
  const [view, setView] = useUrlState({ before: "", after: "", kind: "", from: "0", all: "" });
  const asked = view.before !== "" && view.after !== "";
  const before = useGet("/api/v1/data-versions/{ref}", { path: { ref: view.before } }, { enabled: asked });
  const { data, error, isPending, refetch } = useGet(
    "/api/v1/data-versions/{ref}/diff/{other}",
    { path: { ref: view.before, other: view.after } },
    { enabled: asked, immutable: true },
  );
  const crumbs = [{ title: "Datasets", to: "/data" }, ...(before.data ? [{ title: before.data.dataset, to: `/data/${before.data.dataset_id}` }] : [])];
  return (
    <Page
      title={data ? fromTo(data) : "What changed"}
      crumbs={crumbs}
      actions={
        asked && (
          <Button component={Link} variant="default" leftSection={<IconArrowsDiff size={16} aria-hidden />} to={`/data/compare?before=${view.before}&after=${view.after}`}>
            Only the columns
          </Button>
        )
      }
    >
      {!asked && <EmptyState title="No versions chosen">Open a version and look at what changed in it.</EmptyState>}
      {asked && error && <ErrorNotice error={error} retry={() => void refetch()} />}
      {asked && isPending && <Loading lines={8} />}
      {data && before.data && (
        <>
          <Pickers dataset={before.data.dataset_id} view={view} ids={[data.before_id, data.after_id]} onChange={(chosen) => setView({ ...chosen, kind: "", from: "0" })} />
          <Counts diff={data} />
          <Changed diff={data} />
          <RowsSection diff={data} view={view} setView={setView} />
          <Spread diff={data} />
          <Section title="The same from a terminal or a notebook">
            <Snippet
              cli={`pomona data diff ${data.before} ${data.after}\npomona data diff ${data.before} ${data.after} --out changes.parquet`}
              sdk={`diff = pom.data.diff("${data.before}", "${data.after}")\ndiff.summary.changed\ndiff.changed().to_polars()  # x_before, x_after, _changed`}
            />
          </Section>
        </>
      )}
    </Page>
  );
}

/** "loans@v1 to v2"; both names where they differ. */
function fromTo({ before, after }: Diff): string {
  const [name, version] = after.split("@v");
  return before.startsWith(`${name}@`) ? `${before} to v${version}` : `${before} to ${after}`;
}

function Counts({ diff }: { diff: Diff }) {
  const keyed = diff.key.length > 0;
  return (
    <Figures
      figures={[
        { label: "Added", value: `+${number(diff.added)}`, note: `${number(diff.rows_after)} rows now` },
        { label: "Removed", value: `−${number(diff.removed)}`, note: `${number(diff.rows_before)} rows before` },
        { label: "Changed", value: number(diff.changed), note: keyed ? `rows told apart by ${diff.key.join(", ")}` : "without a key a changed row is one removed and one added" },
        { label: "The same", value: number(diff.rows_after - diff.added - diff.changed), note: `${number(diff.rows_read)} rows were looked at` },
      ]}
    />
  );
}

const COLUMNS: Column<ColumnDiff>[] = [
  { id: "name", title: "Column", width: 200, cell: (row) => row.name },
  { id: "change", title: "What became of it", width: 260, grow: true, cell: (row) => <Became column={row} /> },
  { id: "changed", title: "Rows changed", width: 130, align: "right", cell: (row) => (row.changed > 0 ? number(row.changed) : <None />) },
  { id: "moved", title: "Values moved", width: 130, align: "right", cell: (row) => (row.moved !== null && row.moved >= 0.1 ? <Moved by={row.moved} /> : <None />) },
];

function Became({ column }: { column: ColumnDiff }) {
  if (column.change === "added") return <Badge color="sky">new</Badge>;
  if (column.change === "removed") return <Badge color="quince">gone</Badge>;
  if (column.change === "retyped") return <Badge color="quince">{`${column.type_before} → ${column.type_after}`}</Badge>;
  return <None why="the same column" />;
}

function Moved({ by }: { by: number }) {
  return <Badge color={by >= 0.25 ? "pomegranate" : "quince"}>{`${by >= 0.25 ? "much" : "a little"}: ${number(by, 2)}`}</Badge>;
}

function Changed({ diff }: { diff: Diff }) {
  const told = diff.columns.filter((column) => column.changed > 0 || column.change !== "same" || (column.moved ?? 0) >= 0.1);
  if (told.length === 0) return null;
  return (
    <Section title="Columns" note={`The other ${number(diff.columns.length - told.length)} hold what they held.`}>
      <Table id="column-diffs" label="Columns that changed" columns={COLUMNS} rows={told} rowId={(row) => row.name} empty={null} />
    </Section>
  );
}

interface View {
  kind: string;
  from: string;
  all: string;
}

function RowsSection({ diff, view, setView }: { diff: Diff; view: View; setView: (changes: Partial<View>) => void }) {
  const there = KINDS.filter((kind) => diff[kind] > 0);
  const kind = there.find((one) => one === view.kind) ?? there[0];
  const from = Number(view.from) || 0;
  const { data, error } = useGet(
    "/api/v1/data-versions/{ref}/diff/{other}/preview",
    { path: { ref: diff.before_id, other: diff.after_id }, query: { kind: kind ?? "changed", offset: from, limit: SIZE } },
    { enabled: kind !== undefined, immutable: true },
  );
  if (kind === undefined) return <EmptyState title="No row differs">Both versions hold the same rows.</EmptyState>;
  const last = Math.min(from + SIZE, diff[kind]);
  return (
    <Section
      title={`Rows ${number(from + 1)} to ${number(last)} of ${number(diff[kind])} ${kind}`}
      actions={
        <Group gap="xs">
          <Button size="xs" variant="default" disabled={from === 0} onClick={() => setView({ from: String(Math.max(0, from - SIZE)) })}>
            Before
          </Button>
          <Button size="xs" variant="default" disabled={last >= diff[kind]} onClick={() => setView({ from: String(from + SIZE) })}>
            After
          </Button>
        </Group>
      }
    >
      <Group mb="sm">
        {there.length > 1 && (
          <SegmentedControl
            size="xs"
            aria-label="Which rows"
            value={kind}
            onChange={(chosen) => setView({ kind: chosen, from: "0" })}
            data={there.map((one) => ({ value: one, label: `${one} (${number(diff[one])})` }))}
          />
        )}
        {kind === "changed" && (
          <Switch size="sm" label="Every column" checked={view.all !== ""} onChange={(event) => setView({ all: event.currentTarget.checked ? "yes" : "" })} />
        )}
      </Group>
      {error && <ErrorNotice error={error} />}
      {!error && !data && <Loading lines={8} />}
      {data && <DiffRows page={data} every={view.all !== ""} />}
    </Section>
  );
}

/** How the values are spread in both: the comparison by profile, the columns that moved first. */
function Spread({ diff }: { diff: Diff }) {
  const { data, error } = useGet("/api/v1/data-versions/{ref}/compare/{other}", { path: { ref: diff.before_id, other: diff.after_id } }, { immutable: true });
  if (error) return <ErrorNotice error={error} />;
  if (!data) return <Loading lines={6} />;
  return (
    <Section title="How the values are spread" note="The column that moved most comes first.">
      <ComparedColumns columns={data.columns} names={[data.before, data.after]} />
    </Section>
  );
}
