/** What a chart of lines draws: series and their bands as aligned columns, and a colour for each of many. */
import uPlot from "uplot";

import { SERIES } from "~/theme/palette";

import type { LineProps, Series } from "./Chart";

export interface Drawn {
  name: string;
  role: "line" | "low" | "high";
  of: Series;
}

/** Each series, with the two edges of its band after it. */
export function lines(series: Series[]): Drawn[] {
  return series.flatMap((of): Drawn[] => [
    { name: of.name, role: "line", of },
    ...(of.low && of.high ? ([{ name: `${of.name} −σ`, role: "low", of }, { name: `${of.name} +σ`, role: "high", of }] as const) : []),
  ]);
}

/** The columns of all lines over the places of all. */
export function data({ series, x, log }: LineProps): uPlot.AlignedData {
  const scale = scaleOf(x);
  const above = (values: readonly (number | null)[]) => (log ? values.map((value) => (value !== null && value > 0 ? value : null)) : [...values]);
  const tables = series.map((one): uPlot.AlignedData => [
    one.x.map((at) => at / scale),
    above(one.y),
    ...(one.low && one.high ? [above(one.low), above(one.high)] : []),
  ]);
  if (tables.length === 0) return [[]];
  return tables.length === 1 ? tables[0]! : uPlot.join(tables);
}

/** uPlot counts seconds. */
export function scaleOf(x: LineProps["x"]): number {
  return x === "time" ? 1_000 : 1;
}

/** Few lines have the palette's colours; of many, neighbours differ by the golden angle. */
export function colorAt(place: number, count: number): string {
  if (count <= SERIES.length) return SERIES[place % SERIES.length]!;
  return `hsl(${Math.round((place * 137.508) % 360)} 48% 52%)`;
}

/** The same colour, mostly transparent: "#6da453" or "hsl(…)". */
export function faint(color: string): string {
  return color.startsWith("#") ? `${color}38` : color.replace(")", " / 22%)");
}
