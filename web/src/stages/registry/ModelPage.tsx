import { Button, Stack, Text } from "@mantine/core";
import { IconArrowsDiff, IconCrown } from "@tabler/icons-react";
import { useMemo } from "react";
import { Link, useParams } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { Chart } from "~/ui/Chart";
import { number } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";
import { None, StateBadge, TimeAgo } from "~/ui/small";
import { useUrlState } from "~/ui/state";
import { Table, type Column } from "~/ui/Table";

import { registry } from ".";
import { RecordLink } from "../names";
import { TraceLink } from "../ties";
import { Aliases } from "./Aliases";
import { Gates } from "./Gates";
import { PolicySection } from "./Policy";
import { gatedMetric, metricsOf } from "./measured";

type Detail = Schema<"ModelDetail">;
type Version = Schema<"ModelVersion">;
const METRICS_SHOWN = 2;
const GATES_SHOWN = 6;

/** A model: its versions side by side, and what the gate said about them. */
export default function ModelPage() {
  const { ref = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/models/{name}", { path: { name: ref } });
  if (!data) {
    return (
      <Page title="Model" crumbs={[{ title: "Models", to: "/registry" }]}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown detail={data} />;
}

function Shown({ detail: { model, versions, gates } }: { detail: Detail }) {
  const [view, setView] = useUrlState({ sort: "" });
  const champion = model.aliases.champion;
  const gated = gatedMetric(gates, versions);
  const names = JSON.stringify(metricsOf(versions, gated));
  const columns = useMemo(() => columnsOf(JSON.parse(names) as string[], gates), [names, gates]);
  return (
    <Page
      title={model.name}
      crumbs={[{ title: "Models", to: "/registry" }]}
      badge={champion === undefined ? undefined : <StateBadge state="champion" label={`champion: v${champion}`} />}
      lead={model.description || undefined}
      actions={
        <>
          <CompareLatest versions={versions} champion={champion} />
          <TraceLink id={model.id} />
        </>
      }
    >
      <Section title="Versions" note={champion === undefined ? "None is champion yet: open a version, check its gate, and make it champion." : "Their metrics are those their runs had when they were registered."}>
        <Stack>
          {gated !== undefined && versions.length > 1 && <Progress versions={versions} metric={gated} champion={champion} />}
          <Table
            key={names}
            id={`versions-of-${model.name}`}
            label="Versions"
            columns={columns}
            rows={versions}
            rowId={(row) => row.id}
            href={(row) => `/registry/versions/${row.id}`}
            sort={view.sort}
            onSort={(sort) => setView({ sort })}
            empty={<EmptyState title="No version yet" recipe={registry.start} />}
          />
        </Stack>
      </Section>
      <Section title="What the gate said" note="A version that tests a hypothesis becomes champion only past the gate, or by force with a reason.">
        {gates.length > 0 ? <Gates gates={gates.slice(0, GATES_SHOWN)} withVersion /> : <Text c="dimmed">It was not asked yet.</Text>}
      </Section>
      <PolicySection model={model} />
      <Section title="Use it">
        <Stack gap="sm">
          <Snippet sdk={`import mlflow\n\nmodel = mlflow.pyfunc.load_model("models:/${model.name}${champion === undefined ? `/${model.latest ?? 1}` : "@champion"}")\nmodel.predict(frame)`} />
          <Snippet cli={`pomona models diff ${model.name}${champion === undefined ? "/1" : "@champion"} ${model.name}/${model.latest ?? 1}\npomona models card ${model.name}/${model.latest ?? 1}\npomona endpoints create ${model.name} --model ${model.name}`} />
        </Stack>
      </Section>
    </Page>
  );
}

/** The newest beside the champion, or beside the one before it. */
function CompareLatest({ versions: [newest, before, ...older], champion }: { versions: Version[]; champion: number | undefined }) {
  if (!newest || !before) return null;
  const rival = [before, ...older].find((version) => version.number === champion) ?? before;
  return (
    <Button component={Link} variant="default" leftSection={<IconArrowsDiff size={16} aria-hidden />} to={`/registry/compare?before=${rival.id}&after=${newest.id}`}>
      {`Compare v${newest.number} with v${rival.number}`}
    </Button>
  );
}

function columnsOf(metrics: string[], gates: Detail["gates"]): Column<Version>[] {
  return [
    { id: "number", title: "Version", width: 90, by: (row) => row.number, cell: (row) => `v${row.number}` },
    { id: "aliases", title: "Goes by", width: 124, cell: (row) => <Aliases names={row.aliases} /> },
    { id: "stage", title: "Stage", width: 110, hidden: true, by: (row) => row.stage, cell: (row) => (row.stage === "None" ? <None why="no stage" /> : row.stage) },
    {
      id: "gate", title: "Gate", width: 110,
      cell: (row) => {
        const gate = gates.find((one) => one.version === row.id);
        return gate ? <span title={gate.reason}><StateBadge state={gate.passed ? "passed" : "refused"} /></span> : <None why="not checked" />;
      },
    },
    ...metrics.map(
      (name, place): Column<Version> => ({
        id: `metric:${name}`, title: name, width: Math.min(230, Math.max(110, 44 + name.length * 7)), align: "right", hidden: place >= METRICS_SHOWN,
        by: (row) => row.metrics[name] ?? null,
        cell: (row) => (row.metrics[name] === undefined ? <None why="not measured" /> : number(row.metrics[name])),
      }),
    ),
    { id: "data", title: "Trained on", width: 116, cell: (row) => (row.data_version ? <RecordLink id={row.data_version} /> : <None why="unversioned data" />) },
    { id: "run", title: "Run", width: 148, cell: (row) => (row.run_id ? <RecordLink id={row.run_id} /> : <None />) },
    { id: "created", title: "Registered", width: 130, grow: true, by: (row) => row.created_at, cell: (row) => <TimeAgo at={row.created_at} /> },
    { id: "description", title: "Description", width: 180, hidden: true, cell: (row) => row.description || <None /> },
  ];
}

function Progress({ versions, metric, champion }: { versions: Version[]; metric: string; champion: number | undefined }) {
  const bars = [...versions]
    .reverse()
    .filter((version) => version.metrics[metric] !== undefined)
    .slice(-30)
    .map((version) => ({
      label: `v${version.number}`,
      value: version.metrics[metric]!,
      color: version.number === champion ? "var(--mantine-color-quince-5)" : "var(--mantine-color-leaf-5)",
      ...(version.number === champion && { note: "champion" }),
    }));
  return (
    <div>
      <Text size="sm" c="dimmed">
        {metric.replaceAll("_", " ")} by version
        {champion !== undefined && (
          <>
            ; <IconCrown size={13} aria-hidden /> the champion is golden
          </>
        )}
      </Text>
      <Chart kind="bars" label={`${metric} by version`} bars={bars} height={150} />
    </div>
  );
}
