import { Anchor, Button, Group, Menu, Modal, Stack, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMemo } from "react";
import { Link, useParams } from "react-router";

import { useGet, usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { JsonTree } from "~/ui/JsonTree";
import { EmptyState, ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Facts, Page, Section } from "~/ui/Page";
import { IdLink, None, TimeAgo } from "~/ui/small";
import { useUrlState } from "~/ui/state";
import { Table, type Column } from "~/ui/Table";

import { Held } from "../traces/Held";
import { Tags } from "./EvaluationsPage";

type Detail = Schema<"EvaluationDetail">;
type Row = Schema<"EvaluationRow">;

const CRUMBS = [
  { title: "Training", to: "/training" },
  { title: "Evaluation datasets", to: "/training/evaluations" },
];

/** One evaluation dataset: its records, and who uses it. */
export default function EvaluationPage() {
  const { id = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/evaluations/{dataset}", { path: { dataset: id } }, { refetchInterval: 15_000 });
  if (!data) {
    return (
      <Page title="Evaluation dataset" crumbs={CRUMBS}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown detail={data} />;
}

function Shown({ detail }: { detail: Detail }) {
  const { dataset } = detail;
  return (
    <Page title={dataset.name} crumbs={CRUMBS} actions={<Download id={dataset.id} />}>
      <Section title="About">
        <Facts
          facts={[
            ["records", number(dataset.rows)],
            ["digest", dataset.digest],
            ["experiments", <Experiments key="experiments" named={detail.experiments} />],
            ["tags", <Tags key="tags" tags={dataset.tags} />],
            ["created", <TimeAgo key="created" at={new Date(dataset.created_ms).toISOString()} />],
            ["changed", <TimeAgo key="changed" at={new Date(dataset.updated_ms).toISOString()} />],
            ["by", dataset.updated_by],
            ["id", <IdLink key="id" id={dataset.id} copy />],
          ]}
        />
      </Section>
      <Section title="Records">
        <Records dataset={dataset} />
      </Section>
      <Section title="Runs that read it">
        <Uses detail={detail} />
      </Section>
      <Section title="The same from a terminal or a notebook">
        <Snippet cli={`pomona evaluations show ${dataset.id}`} sdk={`import pomona\n\nrecords = pomona.connect().evaluations.frame("${dataset.id}").to_polars()`} />
      </Section>
    </Page>
  );
}

function Experiments({ named }: { named: Record<string, string> }) {
  const names = Object.values(named);
  if (names.length === 0) return <None why="tied to none" />;
  return (
    <Group gap={8}>
      {names.map((name) => (
        <Anchor key={name} component={Link} inherit to={`/training?${new URLSearchParams({ experiment: name })}`}>
          {name}
        </Anchor>
      ))}
    </Group>
  );
}

/** A column for each field of inputs and expectations; a row opens as a whole. */
function Records({ dataset }: { dataset: Detail["dataset"] }) {
  const [view, setView] = useUrlState({ record: "" });
  const pages = usePages("/api/v1/evaluations/{dataset}/records", { path: { dataset: dataset.id }, query: { limit: 100 } });
  const fields = JSON.stringify(fieldsOf(pages.rows.slice(0, 100)));
  const columns = useMemo(() => columnsOf(JSON.parse(fields) as Field[]), [fields]);
  const chosen = pages.rows.find((row) => row.id === view.record);
  return (
    <>
      <Table
        id="evaluation-records"
        label="Records"
        columns={columns}
        pages={pages}
        rowId={(row) => row.id}
        href={(row) => `?record=${row.id}`}
        maxHeight="30rem"
        empty={<EmptyState title="No record yet" recipe={{ sdk: `from mlflow.genai.datasets import get_dataset\n\nget_dataset(dataset_id="${dataset.id}").merge_records([{"inputs": {"question": "Where is my order?"}}])` }} />}
      />
      <Modal opened={chosen !== undefined} onClose={() => setView({ record: "" })} size="lg" title={<Text fw={600}>Record</Text>}>
        {chosen && <Whole row={chosen} />}
      </Modal>
    </>
  );
}

interface Field {
  part: "inputs" | "expectations";
  key: string;
}

function fieldsOf(rows: Row[]): Field[] {
  return (["inputs", "expectations"] as const).flatMap((part) => [...new Set(rows.flatMap((row) => Object.keys(row[part] ?? {})))].map((key) => ({ part, key })));
}

function columnsOf(fields: Field[]): Column<Row>[] {
  return [
    ...fields.map(({ part, key }): Column<Row> => ({
      id: `${part}.${key}`, title: part === "inputs" ? key : `expected: ${key}`, width: 240, grow: true,
      cell: (row) => <Said value={row[part]?.[key]} />,
    })),
    { id: "outputs", title: "Output", width: 220, hidden: true, cell: (row) => <Said value={isEmpty(row.outputs) ? undefined : row.outputs} /> },
    { id: "source", title: "Source", width: 150, cell: (row) => <Source row={row} /> },
    { id: "tags", title: "Tags", width: 150, cell: (row) => <Tags tags={row.tags} /> },
    { id: "changed", title: "Changed", width: 130, hidden: true, cell: (row) => <TimeAgo at={new Date(row.updated_ms).toISOString()} plain /> },
  ];
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}

function Said({ value }: { value: unknown }) {
  if (value === undefined || value === null) return <None why="not set" />;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return (
    <Text component="span" inherit truncate title={text}>
      {text.slice(0, 300)}
    </Text>
  );
}

function Source({ row }: { row: Row }) {
  const kind = row.source?.source_type;
  const about = row.source?.source_data as Record<string, unknown> | undefined;
  if (typeof about?.trace_id === "string") return <IdLink id={about.trace_id} />;
  return typeof kind === "string" ? <>{kind.toLowerCase()}</> : <None why="unknown" />;
}

function Whole({ row }: { row: Row }) {
  return (
    <Stack gap={0}>
      <Held title="Inputs" value={row.inputs} />
      <Held title="Expectations" value={row.expectations} />
      <Held title="Outputs" value={isEmpty(row.outputs) ? null : row.outputs} />
      <Text fw={600} size="sm" mt="sm" mb={4}>
        Source and tags
      </Text>
      <JsonTree value={{ source: row.source, tags: row.tags }} label="Source and tags" />
      <Group mt="sm">
        <IdLink id={row.id} copy />
      </Group>
    </Stack>
  );
}

function Uses({ detail }: { detail: Detail }) {
  if (detail.runs.length === 0) {
    return (
      <Stack gap="xs">
        <Text c="dimmed">No run yet. An evaluation names it by itself:</Text>
        <Snippet sdk={`mlflow.genai.evaluate(data=get_dataset(dataset_id="${detail.dataset.id}"), predict_fn=answer, scorers=[...])`} />
      </Stack>
    );
  }
  return (
    <Table
      id="evaluation-uses"
      label="Runs that read it"
      columns={[
        { id: "run", title: "Run", width: 220, grow: true, cell: (use) => use.name || use.run.slice(0, 8) },
        { id: "started", title: "Started", width: 150, cell: (use) => <TimeAgo at={use.started_at} plain /> },
        { id: "digest", title: "As it was then", width: 160, cell: (use) => use.digest },
        { id: "now", title: "", width: 150, cell: (use) => (use.digest === detail.dataset.digest ? "unchanged since" : "changed since") },
      ]}
      rows={detail.runs}
      rowId={(use) => use.run}
      href={(use) => `/training/runs/${use.run}`}
      empty={null}
    />
  );
}

function Download({ id }: { id: string }) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={15} aria-hidden />}>
          Download
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {(["csv", "parquet", "jsonl"] as const).map((format) => (
          <Menu.Item key={format} component="a" href={`/api/v1/evaluations/${id}/frame?format=${format}`} download={`records.${format}`}>
            {{ csv: "CSV", parquet: "Parquet", jsonl: "JSON lines" }[format]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
