import { Button, Group, Text } from "@mantine/core";
import { IconArrowLeft, IconArrowRight } from "@tabler/icons-react";
import { Link, useParams } from "react-router";

import { useGet, usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { money, number, percent } from "~/ui/format";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Facts, Figures, Page, Section } from "~/ui/Page";
import { IdLink, StateBadge, TimeAgo } from "~/ui/small";

import { RecordLink } from "../names";
import { EndpointLink } from "../releases/EndpointLink";
import { ColumnCard } from "./ColumnCard";
import classes from "./monitoring.module.css";
import { driftPoints, qualityPoints } from "./series";
import { plain, spanText, STATE_WORDS } from "./words";
import { WindowsChart } from "./WindowsChart";

type Window = Schema<"Window">;

/** A window: what was read in it, column by column. */
export default function WindowPage() {
  const { id = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/windows/{window_id}", { path: { window_id: id } }, { immutable: true });
  if (!data) {
    return (
      <Page title="Window" crumbs={[{ title: "Monitors", to: "/monitoring" }]}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown window={data} />;
}

function Shown({ window }: { window: Window }) {
  const others = usePages("/api/v1/windows", { query: { endpoint: window.endpoint, kind: window.kind, limit: 100 } });
  const ordered = [...others.rows].sort((a, b) => a.start.localeCompare(b.start));
  const place = ordered.findIndex((one) => one.id === window.id);
  return (
    <Page
      title={`${window.kind === "drift" ? "Drift" : "Quality"}, ${spanText(window)}`}
      crumbs={[
        { title: "Monitors", to: "/monitoring" },
        { title: window.endpoint, to: `/monitoring/${window.monitor}` },
      ]}
      badge={<StateBadge state={window.state} label={STATE_WORDS[window.state]} />}
      lead={window.summary}
      actions={place >= 0 && <Steps before={ordered[place - 1]} after={ordered[place + 1]} />}
    >
      {window.quality && <Quality quality={window.quality} />}
      {window.columns.length > 0 && <Columns window={window} />}
      {ordered.length > 1 && (
        <Section title="Among the others">
          {window.kind === "drift" ? (
            <WindowsChart label="Drift by window" points={driftPoints(ordered)} level={1} levelText="alarm" format={(value) => percent(value, 0)} chosen={window.id} />
          ) : (
            <WindowsChart label="Quality by window" points={qualityPoints(ordered)} level={window.quality?.floor ?? null} levelText={`must reach ${number(window.quality?.floor ?? 0)}`} format={(value) => number(value, 3)} chosen={window.id} />
          )}
        </Section>
      )}
      <Section title="About">
        <Facts
          facts={[
            ["endpoint", <EndpointLink key="endpoint" name={window.endpoint} />],
            ["champion", <RecordLink key="model" id={window.model_version} />],
            ["compared with", window.reference ? <RecordLink key="reference" id={window.reference} /> : null],
            ["rows", number(window.rows)],
            ["read", <TimeAgo key="read" at={window.closed_at} />],
            ["id", <IdLink key="id" id={window.id} copy />],
          ]}
        />
      </Section>
    </Page>
  );
}

function Steps({ before, after }: { before: Window | undefined; after: Window | undefined }) {
  return (
    <Group gap="xs">
      {before && (
        <Button component={Link} to={`/monitoring/windows/${before.id}`} variant="default" leftSection={<IconArrowLeft size={16} aria-hidden />}>
          Before
        </Button>
      )}
      {after && (
        <Button component={Link} to={`/monitoring/windows/${after.id}`} variant="default" rightSection={<IconArrowRight size={16} aria-hidden />}>
          After
        </Button>
      )}
    </Group>
  );
}

function Quality({ quality }: { quality: Schema<"QualityReading"> }) {
  const { interval, currency } = quality;
  return (
    <Figures
      figures={[
        { label: plain(quality.metric), value: quality.value === null ? "–" : number(quality.value), note: quality.floor === null ? undefined : `must reach ${number(quality.floor)}` },
        { label: "On its hold-out it was", value: quality.baseline === null ? "–" : number(quality.baseline), note: quality.drop === null ? undefined : `${percent(Math.abs(quality.drop), 0)} ${quality.drop > 0 ? "lost" : "gained"} since` },
        {
          label: "Money per prediction",
          value: quality.value_per_prediction === null ? "–" : money(quality.value_per_prediction.toFixed(2), currency || "EUR"),
          note: interval ? `${percent(interval.level, 0)} between ${money(interval.low.toFixed(2), currency || "EUR")} and ${money(interval.high.toFixed(2), currency || "EUR")}` : undefined,
        },
        { label: "Outcomes known", value: number(quality.matured), note: `of ${number(quality.rows)} predictions` },
      ]}
    />
  );
}

/** The prediction first, then what moved furthest. */
function Columns({ window }: { window: Window }) {
  const readings = [...window.columns].sort((a, b) => Number(b.column === "(prediction)") - Number(a.column === "(prediction)"));
  return (
    <Section
      title="Column by column"
      note="The prediction first, then what moved furthest towards its alarm."
      actions={
        <Group gap="md">
          <Group gap={6}>
            <span className={classes.swatch} style={{ background: "var(--mantine-color-leaf-5)" }} />
            <Text size="sm">this window</Text>
          </Group>
          <Group gap={6}>
            <span className={classes.outlined} />
            <Text size="sm">training data</Text>
          </Group>
        </Group>
      }
    >
      <ul className={classes.columns}>
        {readings.map((reading) => (
          <ColumnCard key={reading.column} reading={reading} />
        ))}
      </ul>
    </Section>
  );
}
