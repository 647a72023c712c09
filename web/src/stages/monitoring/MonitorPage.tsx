import { Group, Text } from "@mantine/core";
import { useParams } from "react-router";

import { useGet, usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number, percent } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading } from "~/ui/notices";
import { Facts, Page, Section } from "~/ui/Page";
import { IdLink, None, StateBadge, TimeAgo } from "~/ui/small";
import { Table } from "~/ui/Table";

import { RecordLink } from "../names";
import { EndpointLink } from "../releases/EndpointLink";
import { INCIDENT_COLUMNS } from "./incidents";
import classes from "./monitoring.module.css";
import { driftPoints, qualityPoints } from "./series";
import { lengthText, plain, spanText, STATE_COLORS, STATE_WORDS } from "./words";
import { WindowsChart } from "./WindowsChart";

type Monitor = Schema<"Monitor">;
type Window = Schema<"Window">;

/** A monitor: drift and quality over event time, and the incidents they opened. */
export default function MonitorPage() {
  const { ref = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/monitors/{ref}", { path: { ref } });
  if (!data) {
    return (
      <Page title="Monitor" crumbs={[{ title: "Monitors", to: "/monitoring" }]}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown monitor={data} />;
}

function Shown({ monitor }: { monitor: Monitor }) {
  const windows = usePages("/api/v1/windows", { query: { endpoint: monitor.endpoint, limit: 100 } });
  const incidents = usePages("/api/v1/incidents", { query: { endpoint: monitor.endpoint, limit: 50 } });
  const drift = driftPoints(windows.rows);
  const quality = qualityPoints(windows.rows);
  const newest = windows.rows.find((window) => window.kind === "quality")?.quality;
  const open = incidents.rows.filter((incident) => incident.state === "open").length;
  return (
    <Page
      title={`Monitor of ${monitor.endpoint}`}
      crumbs={[{ title: "Monitors", to: "/monitoring" }]}
      badge={<StateBadge state={open > 0 ? "alarm" : "ok"} label={open > 0 ? `${open} open ${open === 1 ? "incident" : "incidents"}` : "no open incident"} />}
      lead={`Its predictions are read in windows of ${lengthText(monitor.window_hours)} of event time.`}
    >
      {windows.isPending && <Loading lines={8} />}
      {windows.error && <ErrorNotice error={windows.error} />}
      {!windows.isPending && !windows.error && windows.rows.length === 0 && (
        <EmptyState title="No window has passed yet">
          {`The first one is read as soon as the predictions reach ${lengthText(monitor.window_hours)} of event time.`}
        </EmptyState>
      )}
      {drift.length > 0 && (
        <Section title="Drift" note="Do the inputs and the answers still look like the training data? The column that moved furthest, against its own alarm level. Click a window." actions={<Legend />}>
          <WindowsChart label="Drift by window" points={drift} level={1} levelText="alarm" format={(value) => percent(value, 0)} />
        </Section>
      )}
      {quality.length > 0 && (
        <Section title="Quality" note={`Is it still right? ${plain(newest?.metric ?? "the metric")} of the champion's answers, once their outcomes are known. Click a window.`}>
          <WindowsChart label="Quality by window" points={quality} level={newest?.floor ?? null} levelText={`must reach ${number(newest?.floor ?? 0)}`} format={(value) => number(value, 3)} />
        </Section>
      )}
      <Section title="Incidents">
        <Table
          id="monitor-incidents"
          label="Incidents"
          columns={INCIDENT_COLUMNS}
          pages={incidents}
          rowId={(row) => row.id}
          href={(row) => `/monitoring/incidents/${row.id}`}
          empty={<Text c="dimmed">Nothing was wrong so far.</Text>}
        />
      </Section>
      {windows.rows.length > 0 && (
        <Section title="Every window" note="Newest first.">
          <Table
            id="windows"
            label="Windows"
            rowId={(row: Window) => row.id}
            pages={windows}
            href={(row) => `/monitoring/windows/${row.id}`}
            empty={null}
            maxHeight="28rem"
            columns={[
              { id: "span", title: "Window", width: 190, cell: (row) => spanText(row) },
              { id: "kind", title: "Reading", width: 90, cell: (row) => row.kind },
              { id: "state", title: "State", width: 120, cell: (row) => <StateBadge state={row.state} label={STATE_WORDS[row.state]} /> },
              { id: "summary", title: "What it says", width: 300, grow: true, cell: (row) => <span title={row.summary}>{row.summary}</span> },
              { id: "rows", title: "Rows", width: 90, align: "right", cell: (row) => number(row.rows) },
              { id: "model", title: "Champion", width: 140, cell: (row) => <RecordLink id={row.model_version} /> },
            ]}
          />
        </Section>
      )}
      <Rules monitor={monitor} />
    </Page>
  );
}

export function Legend() {
  return (
    <Group gap="md">
      {(["ok", "warn", "alarm"] as const).map((state) => (
        <Group key={state} gap={6}>
          <span className={classes.swatch} data-state={state} style={{ background: STATE_COLORS[state] }} />
          <Text size="sm">{STATE_WORDS[state]}</Text>
        </Group>
      ))}
    </Group>
  );
}

function Rules({ monitor }: { monitor: Monitor }) {
  const { thresholds } = monitor;
  return (
    <Section title="Its rules">
      <Facts
        facts={[
          ["endpoint", <EndpointLink key="endpoint" name={monitor.endpoint} />],
          ["drift warns / alarms", `${number(thresholds.drift_warn)} / ${number(thresholds.drift_alarm)} beyond noise`],
          ["and further than", `${number(thresholds.natural)} times what training data moved by itself`],
          ["quality must reach", thresholds.floor === null ? "the hypothesis' target" : number(thresholds.floor)],
          ["an incident after", `${thresholds.drift_patience} drift or ${thresholds.quality_patience} quality windows`],
          ["windows are judged from", `${number(thresholds.min_rows)} rows`],
          ["left out", monitor.ignore.length > 0 ? monitor.ignore.join(", ") : <None key="ignore" why="no column" />],
          ["created", <span key="created">{`${monitor.created_by}, `}<TimeAgo at={monitor.created_at} /></span>],
          ["id", <IdLink key="id" id={monitor.id} copy />],
        ]}
      />
    </Section>
  );
}
