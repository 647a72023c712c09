import { Group, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useState } from "react";

import { useGet, usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { None, StateBadge } from "~/ui/small";
import { useUrlState } from "~/ui/state";
import { Table, type Column } from "~/ui/Table";

import { serving } from ".";
import { RecordLink } from "../names";
import { EndpointLink } from "../releases/EndpointLink";
import { EndpointPicker } from "../releases/EndpointPicker";
import { useEndpoints } from "../releases/endpoints";
import { answerText, decisionOf, Earned, instant } from "./answers";

type Prediction = Schema<"Prediction">;
type View = { endpoint: string; arm: string; unit: string; version: string; known: string };

const COLUMNS: Column<Prediction>[] = [
  { id: "at", title: "Event time", width: 158, cell: (row) => instant(row.at) },
  { id: "endpoint", title: "Endpoint", width: 112, cell: (row) => <EndpointLink name={row.endpoint} /> },
  { id: "unit", title: "About", width: 96, cell: (row) => <span title={row.unit}>{row.unit}</span> },
  { id: "output", title: "Answer", width: 84, align: "right", cell: (row) => answerText(row.output) },
  { id: "decision", title: "Said", width: 66, cell: (row) => decisionOf(row) ?? <None why="no threshold" /> },
  { id: "actual", title: "Came true", width: 92, cell: (row) => (row.actual === null ? <None why="not known yet" /> : row.decision === null ? number(row.actual) : row.actual === 1 ? "yes" : "no") },
  { id: "money", title: "Money", width: 80, align: "right", cell: (row) => <Earned row={row} /> },
  { id: "version", title: "Version", width: 128, cell: (row) => <RecordLink id={row.model_version} /> },
  { id: "arm", title: "Arm", width: 132, cell: (row) => <StateBadge state={row.arm} /> },
  { id: "key", title: "Your id", width: 190, grow: true, cell: (row) => row.key ?? <None why="none was given" /> },
  { id: "failure", title: "Failure", width: 160, hidden: true, cell: (row) => row.failure ?? <None /> },
];

/** Every prediction, newest event time first. */
export default function PredictionsPage() {
  const [view, setView] = useUrlState({ endpoint: "", arm: "", unit: "", version: "", known: "" });
  const pages = usePages("/api/v1/predictions", {
    query: {
      endpoint: view.endpoint || null,
      arm: view.arm || null,
      unit: view.unit || null,
      model_version: view.version || null,
      matched: view.known === "" ? null : view.known === "yes",
    },
  });
  const filtered = Object.values(view).some((value) => value !== "");
  return (
    <Page title="Predictions" crumbs={[{ title: "Serving", to: "/serving" }]} lead="Every answer with the version that gave it; open one to see what stands behind it and what came of it.">
      <Table
        id="predictions"
        label="Predictions"
        columns={COLUMNS}
        pages={pages}
        rowId={(row) => row.id}
        href={(row) => `/serving/predictions/${row.id}`}
        toolbar={<Filters view={view} setView={setView} />}
        empty={
          filtered ? (
            <EmptyState title="No prediction fits these filters">Take one away, and more appear.</EmptyState>
          ) : (
            <EmptyState title="Nobody asked yet" recipe={serving.start}>
              Each answer appears here within a second.
            </EmptyState>
          )
        }
      />
    </Page>
  );
}

function Filters({ view, setView }: { view: View; setView: (changes: Partial<View>) => void }) {
  const [unit, setUnit] = useState(view.unit);
  const ask = useDebouncedCallback((text: string) => setView({ unit: text.trim() }), 300);
  return (
    <Group gap="xs">
      <EndpointPicker value={view.endpoint} onChange={(endpoint) => setView({ endpoint })} />
      <TextInput
        size="xs"
        w={170}
        aria-label="About whom or what"
        placeholder="About … (exact)"
        value={unit}
        onChange={(event) => {
          setUnit(event.currentTarget.value);
          ask(event.currentTarget.value);
        }}
      />
      <Versions view={view} setView={setView} />
      <SegmentedControl size="xs" aria-label="Arm" value={view.arm} onChange={(arm) => setView({ arm })} data={[{ value: "", label: "Both arms" }, { value: "champion", label: "Champion" }, { value: "candidate", label: "Candidate" }]} />
      <SegmentedControl size="xs" aria-label="Outcome" value={view.known} onChange={(known) => setView({ known })} data={[{ value: "", label: "All" }, { value: "yes", label: "Outcome known" }, { value: "no", label: "Still open" }]} />
    </Group>
  );
}

function Versions({ view, setView }: { view: View; setView: (changes: Partial<View>) => void }) {
  const { endpoints } = useEndpoints();
  const model = (endpoints.find((one) => one.name === view.endpoint) ?? (endpoints.length === 1 ? endpoints[0] : undefined))?.model;
  const { data } = useGet("/api/v1/models/{name}", { path: { name: model ?? "" } }, { enabled: model !== undefined });
  if (!data) return null;
  return (
    <Select
      size="xs"
      w={130}
      aria-label="Version"
      placeholder="Every version"
      clearable
      data={data.versions.map((version) => ({ value: version.id, label: `v${version.number}` }))}
      value={view.version || null}
      onChange={(version) => setView({ version: version ?? "" })}
    />
  );
}
