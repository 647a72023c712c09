/** Learning curves of all compared runs, one chart a metric; zoomed, smoothed and grouped together. */
import { Group, MultiSelect, Select, SimpleGrid, Slider, Stack, Switch, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useEffect, useMemo, useState } from "react";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { Chart, type Series } from "~/ui/Chart";
import { ErrorNotice, Loading } from "~/ui/notices";
import { colorAt } from "~/ui/lines";

import type { CompareView, Shown } from "./ComparePage";

const AT_FIRST = 6;
const EVERY_MS = 3_000;
const AXES = [
  { value: "step", label: "by step" },
  { value: "relative", label: "by time since the start" },
  { value: "time", label: "by time of day" },
];

type Curve = Schema<"Curve">;

export function Curves({ data, ids, view, setView }: Shown) {
  const known = Object.keys(data.metrics);
  const metrics = view.metrics ? view.metrics.split(",").map(decodeURIComponent).filter((key) => known.includes(key)) : known.slice(0, AT_FIRST);
  const running = data.runs.some((run) => run.status === "RUNNING" || run.status === "SCHEDULED");
  const asked = { id: ids, key: metrics, x: view.x as "step", smooth: Number(view.smooth) || 0, ...(view.group && { group_by: view.group }) };
  const { data: found, error, isPending } = useGet("/api/v1/runs/curves", { query: asked }, { enabled: metrics.length > 0, ...(running && { refetchInterval: EVERY_MS }) });
  const charts = useMemo(() => {
    const all = metrics.map((key) => ({ key, curves: (found?.curves ?? []).filter((curve) => curve.key === key) }));
    return all.filter(({ curves }) => curves.length > 0);
  }, [found, metrics.join()]);
  const lines = charts.filter(({ curves }) => curves.some((curve) => curve.x.length > 1));
  const single = charts.filter((chart) => !lines.includes(chart)).map(({ key }) => key);
  return (
    <Stack>
      <Controls view={view} setView={setView} metrics={metrics} known={known} params={Object.keys(data.params)} />
      {error && <ErrorNotice error={error} />}
      {isPending && metrics.length > 0 && <Loading />}
      <SimpleGrid cols={{ base: 1, md: lines.length === 1 ? 1 : 2 }} spacing="xl">
        {lines.map(({ key, curves }) => (
          <One key={key} name={key} curves={curves} names={ids} view={view} setView={setView} />
        ))}
      </SimpleGrid>
      {single.length > 0 && <Text size="sm" c="dimmed">{`Measured once in each run, so there is no curve: ${single.join(", ")}. Boxes and Scatter show them.`}</Text>}
    </Stack>
  );
}

function One({ name, curves, names, view, setView }: { name: string; curves: Curve[]; names: string[]; view: CompareView; setView: Shown["setView"] }) {
  const grouped = view.group !== "";
  const series = useMemo(
    () =>
      curves.map((curve, place): Series => {
        // A run has the same colour in every chart.
        const nth = grouped ? place : Math.max(0, names.findIndex((id) => curve.runs[0]!.startsWith(id)));
        return {
          name: grouped ? `${view.group.split(".").slice(1).join(".")} = ${curve.label} (${curve.runs.length})` : curve.label,
          x: curve.x,
          y: curve.y,
          color: colorAt(nth, grouped ? curves.length : names.length),
          ...(curve.low && curve.high && { low: curve.low, high: curve.high }),
        };
      }),
    [curves, grouped, view.group, names],
  );
  const total = curves.reduce((sum, curve) => sum + curve.total, 0);
  const drawn = curves.reduce((sum, curve) => sum + curve.x.length, 0);
  const range = view.zoom ? (view.zoom.split("~").map(Number) as [number, number]) : null;
  return (
    <div>
      <Text fw={600} size="sm">
        {name}
      </Text>
      <Text size="xs" c="dimmed">
        {`${total.toLocaleString("en-US")} values${grouped ? ", mean and one standard deviation" : drawn < total ? `, ${drawn.toLocaleString("en-US")} drawn` : ""}; drag to zoom all charts, double click to see all`}
      </Text>
      <Chart
        kind="line"
        label={`${name} of ${curves.length} ${grouped ? "groups" : "runs"}`}
        x={view.x === "time" ? "time" : "number"}
        height={240}
        log={view.log === "1"}
        range={range}
        onRange={(next) => setView({ zoom: next ? next.map((at) => Number(at.toPrecision(9))).join("~") : "" })}
        series={series}
      />
    </div>
  );
}

function Controls({ view, setView, metrics, known, params }: { view: CompareView; setView: Shown["setView"]; metrics: string[]; known: string[]; params: string[] }) {
  const [weight, setWeight] = useState(Number(view.smooth) || 0);
  const [settled] = useDebouncedValue(weight, 300);
  useEffect(() => setView({ smooth: String(settled) }), [settled]);
  return (
    <Group align="flex-end" gap="md">
      <MultiSelect
        label="Metrics"
        searchable
        maxValues={24}
        data={known}
        value={metrics}
        onChange={(chosen) => setView({ metrics: chosen.map(encodeURIComponent).join(",") })}
        style={{ flex: "1 1 18rem" }}
      />
      <Select label="Axis" w={190} allowDeselect={false} data={AXES} value={view.x} onChange={(x) => setView({ x: x ?? "step", zoom: "" })} />
      <Select
        label="Group by"
        placeholder="each run alone"
        clearable
        searchable
        w={170}
        data={params.map((key) => ({ value: `params.${key}`, label: key }))}
        value={view.group || null}
        onChange={(group) => setView({ group: group ?? "" })}
      />
      <div style={{ width: "10rem" }}>
        <Text size="sm" fw={500} id="smoothing">{`Smoothing ${weight}`}</Text>
        <Slider my={10} min={0} max={0.99} step={0.01} value={weight} onChange={setWeight} label={null} thumbProps={{ "aria-labelledby": "smoothing" }} />
      </div>
      <Switch mb={8} label="log axis" checked={view.log === "1"} onChange={(event) => setView({ log: event.currentTarget.checked ? "1" : "" })} />
    </Group>
  );
}
