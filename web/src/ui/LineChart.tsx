import "uplot/dist/uPlot.min.css";

import { useComputedColorScheme, VisuallyHidden } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";

import type { LineProps, Mark } from "./Chart";
import classes from "./Chart.module.css";
import { number } from "./format";
import { colorAt, data, faint, lines, scaleOf } from "./lines";

const AXIS_FONT = '12px -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif';

const MOST_IN_LEGEND = 12;

/** Lines over time or steps. Drag to zoom, double click to see all again. Of many lines the nearest is named. */
export default function LineChart(props: LineProps) {
  const { series, height = 260, label, x, format = number, log = false, range } = props;
  const scheme = useComputedColorScheme("light");
  const { ref: frame, width } = useElementSize<HTMLDivElement>();
  const holder = useRef<HTMLDivElement>(null);
  const current = useRef(props);
  current.current = props;
  const plot = useRef<uPlot | null>(null);
  // uPlot is made anew when what it looks like changes, and only fed when its numbers do.
  const look = JSON.stringify([x, height, scheme, log, series.map((one) => [one.name, one.color, one.dashed, one.low !== undefined])]);
  const [near, setNear] = useState<string | null>(null);

  useEffect(() => {
    if (!holder.current || width === 0) return;
    const made = new uPlot(options(current, width, height, setNear), data(current.current), holder.current);
    plot.current = made;
    return () => {
      plot.current = null;
      made.destroy();
    };
    // The width is handled below, without a new chart.
  }, [look, width === 0]);

  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height });
  }, [width, height]);

  useEffect(() => {
    plot.current?.setData(data(current.current), !current.current.range);
    zoom(plot.current, current.current);
  }, [series, props.levels, props.moments]);

  useEffect(() => zoom(plot.current, current.current), [range?.[0], range?.[1], look, width === 0]);

  return (
    <div ref={frame} role="figure" aria-label={label} className={classes.line} onDoubleClick={() => props.onRange?.(null)}>
      <div ref={holder} aria-hidden />
      {series.length > MOST_IN_LEGEND && (
        <div className={classes.near} aria-hidden>
          {near ?? `${series.length} lines; the one under the mouse is named here`}
        </div>
      )}
      <VisuallyHidden>
        {series.slice(0, 50).map((one) => {
          const last = one.y.findLast((value) => value !== null);
          return <p key={one.name}>{`${one.name}: ${one.y.length} points${last == null ? "" : `, the last is ${format(last)}`}.`}</p>;
        })}
      </VisuallyHidden>
    </div>
  );
}

function options(current: { current: LineProps }, width: number, height: number, tellNear: (name: string | null) => void): uPlot.Options {
  const { series, x, format = number, log } = current.current;
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--mantine-color-dimmed").trim();
  const line = style.getPropertyValue("--line").trim();
  const axis = { stroke: ink, font: AXIS_FONT, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 } };
  const drawn = lines(series);
  const many = series.length > 1;
  return {
    width,
    height,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), "Etc/UTC"), // event time, the same for every reader
    cursor: { points: { size: 7 }, drag: { x: true, y: false }, ...(many && { focus: { prox: 30 } }) },
    ...(many && { focus: { alpha: series.length > MOST_IN_LEGEND ? 0.15 : 0.4 } }),
    legend: { show: series.length <= MOST_IN_LEGEND },
    scales: {
      x: { time: x === "time" },
      y: log ? { distr: 3 } : { range: (_plot, low, high) => padded(low, high, current.current.levels) },
    },
    axes: [
      { ...axis },
      { ...axis, values: (_plot, splits) => splits.map((value) => (value == null ? "" : format(value))), size: (_plot, values) => 18 + 7 * Math.max(3, ...(values ?? []).map((text) => text?.length ?? 0)) },
    ],
    series: [
      { label: x === "time" ? "time (UTC)" : "step" },
      ...drawn.map(({ name, role, of }): uPlot.Series => {
        const color = of.color ?? colorAt(series.indexOf(of), series.length);
        if (role !== "line") return { label: name, stroke: color, width: 0, points: { show: false }, spanGaps: true, class: classes.edgeline!, value: (_plot, value) => (value == null ? "–" : format(value)) };
        return {
          label: name,
          stroke: color,
          width: series.length > MOST_IN_LEGEND ? 1.2 : 2,
          ...(of.dashed && { dash: [6, 5] }),
          spanGaps: true,
          points: { show: of.x.length <= 30 && series.length <= MOST_IN_LEGEND, size: 5 },
          value: (_plot, value) => (value == null ? "–" : format(value)),
        };
      }),
    ],
    bands: drawn.flatMap(({ role, of }, place) =>
      role === "high" ? [{ series: [place + 1, place] as [number, number], fill: faint(of.color ?? colorAt(series.indexOf(of), series.length)) }] : [],
    ),
    hooks: {
      draw: [(plot) => drawMarks(plot, current.current, ink)],
      setSeries: [(_plot, place) => tellNear(place == null ? null : (drawn[place - 1]?.of.name ?? null))],
      setSelect: [(plot) => tellRange(plot, current.current)],
    },
  };
}

/** The reader has dragged over a part of x. */
function tellRange(plot: uPlot, { onRange, x }: LineProps): void {
  const { left, width } = plot.select;
  if (!onRange || width <= 0) return;
  const scale = scaleOf(x);
  onRange([plot.posToVal(left, "x") * scale, plot.posToVal(left + width, "x") * scale]);
}

/** Shows the part of x that the page wants; all of it without one. */
function zoom(plot: uPlot | null, { range, x }: LineProps): void {
  if (!plot || range === undefined) return;
  const xs = plot.data[0];
  const scale = scaleOf(x);
  const [min, max] = range ? [range[0] / scale, range[1] / scale] : [xs[0], xs[xs.length - 1]];
  if (min !== undefined && max !== undefined && min < max) plot.setScale("x", { min, max });
}

/** A little air around the numbers, and room for the levels. */
function padded(low: number, high: number, levels: Mark[] = []): [number, number] {
  const bottom = Math.min(low, ...levels.map((level) => level.at));
  const top = Math.max(high, ...levels.map((level) => level.at));
  const air = (top - bottom || Math.abs(top) || 1) * 0.08;
  return [bottom >= 0 && bottom - air < 0 ? 0 : bottom - air, top + air];
}

function drawMarks(plot: uPlot, { levels = [], moments = [], x }: LineProps, ink: string): void {
  const { ctx } = plot;
  const { left, top, width, height } = plot.bbox;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.font = `${11 * devicePixelRatio}px ${AXIS_FONT.slice(5)}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.lineWidth = devicePixelRatio;
  for (const level of levels) {
    const y = plot.valToPos(level.at, "y", true);
    stroke(ctx, level, ink, [left, y], [left + width, y], [left + 6, y - 5]);
  }
  for (const moment of moments) {
    const place = plot.valToPos(x === "time" ? moment.at / 1_000 : moment.at, "x", true);
    stroke(ctx, moment, ink, [place, top], [place, top + height], [place + 5, top + 12 * devicePixelRatio]);
  }
  ctx.restore();
}

type Point = [x: number, y: number];

function stroke(ctx: CanvasRenderingContext2D, mark: Mark, ink: string, from: Point, to: Point, text: Point): void {
  ctx.strokeStyle = ctx.fillStyle = mark.color ?? ink;
  ctx.beginPath();
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
  ctx.fillText(mark.label, ...text);
}
