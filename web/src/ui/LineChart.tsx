import "uplot/dist/uPlot.min.css";

import { useComputedColorScheme, VisuallyHidden } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import uPlot from "uplot";

import { SERIES } from "~/theme/palette";

import type { LineProps, Mark } from "./Chart";
import classes from "./Chart.module.css";
import { number } from "./format";

const AXIS_FONT = '12px -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif';

/** Lines over time or steps. Drag to zoom, double click to see all again. */
export default function LineChart(props: LineProps) {
  const { series, height = 260, label, x, format = number } = props;
  const scheme = useComputedColorScheme("light");
  const { ref: frame, width } = useElementSize<HTMLDivElement>();
  const holder = useRef<HTMLDivElement>(null);
  const current = useRef(props);
  current.current = props;
  const plot = useRef<uPlot | null>(null);
  // uPlot is made anew when what it looks like changes, and only fed when its numbers do.
  const look = JSON.stringify([x, height, scheme, series.map((one) => [one.name, one.color, one.dashed])]);

  useEffect(() => {
    if (!holder.current || width === 0) return;
    const made = new uPlot(options(current, width, height), data(current.current), holder.current);
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

  useEffect(() => plot.current?.setData(data(current.current)), [series, props.levels, props.moments]);

  return (
    <div ref={frame} role="figure" aria-label={label} className={classes.line}>
      <div ref={holder} aria-hidden />
      <VisuallyHidden>
        {series.map((one) => {
          const last = one.y.findLast((value) => value !== null);
          return <p key={one.name}>{`${one.name}: ${one.y.length} points${last == null ? "" : `, the last is ${format(last)}`}.`}</p>;
        })}
      </VisuallyHidden>
    </div>
  );
}

function data({ series, x }: LineProps): uPlot.AlignedData {
  const scale = x === "time" ? 1_000 : 1; // uPlot counts seconds
  const tables = series.map((one): uPlot.AlignedData => [one.x.map((at) => at / scale), one.y]);
  if (tables.length === 0) return [[]];
  return tables.length === 1 ? tables[0]! : uPlot.join(tables);
}

function options(current: { current: LineProps }, width: number, height: number): uPlot.Options {
  const { series, x, format = number } = current.current;
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--mantine-color-dimmed").trim();
  const line = style.getPropertyValue("--line").trim();
  const axis = { stroke: ink, font: AXIS_FONT, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 } };
  return {
    width,
    height,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), "Etc/UTC"), // event time, the same for every reader
    cursor: { points: { size: 7 }, drag: { x: true, y: false } },
    scales: { x: { time: x === "time" }, y: { range: (_plot, low, high) => padded(low, high, current.current.levels) } },
    axes: [
      { ...axis },
      { ...axis, values: (_plot, splits) => splits.map((value) => format(value)), size: (_plot, values) => 18 + 7 * Math.max(3, ...(values ?? []).map((text) => text.length)) },
    ],
    series: [
      { label: x === "time" ? "time (UTC)" : "step" },
      ...series.map((one, place): uPlot.Series => ({
        label: one.name,
        stroke: one.color ?? SERIES[place % SERIES.length]!,
        width: 2,
        ...(one.dashed && { dash: [6, 5] }),
        spanGaps: true,
        points: { show: one.x.length <= 30, size: 5 },
        value: (_plot, value) => (value == null ? "–" : format(value)),
      })),
    ],
    hooks: { draw: [(plot) => drawMarks(plot, current.current, ink)] },
  };
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
