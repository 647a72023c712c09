/** Runs as points: an axis for each param and metric, quartiles for boxes. */
import type { Schema } from "~/api/types";
import { number, roundBetween } from "~/ui/format";

export type Comparison = Schema<"RunComparison">;

/** One dimension of the compared runs: a param or a metric. */
export interface Axis {
  id: string; // "param:lr"
  title: string;
  /** Where each run stands, 0 (bottom) to 1; null without a value. */
  at: (number | null)[];
  /** What each run has, in words. */
  words: string[];
  /** The number of each run; null for words. */
  numbers: (number | null)[] | null;
  ticks: { at: number; text: string }[];
  log: boolean;
}

export function axesOf({ params, metrics }: Comparison): Axis[] {
  return [
    ...Object.entries(params).map(([key, values]) => axis(`param:${key}`, key, values)),
    ...Object.entries(metrics).map(([key, values]) => axis(`metric:${key}`, key, values)),
  ];
}

export function axis(id: string, title: string, values: (string | number | null)[]): Axis {
  const there = values.filter((value) => value !== null);
  const numbers = there.every((value) => String(value).trim() !== "" && Number.isFinite(Number(value))) && there.length > 0 ? values.map((value) => (value === null ? null : Number(value))) : null;
  const words = values.map((value) => (value === null ? "not set" : typeof value === "number" ? number(value) : value));
  return numbers ? { id, title, words, numbers, ...numeric(numbers, id.startsWith("param:")) } : { id, title, words, numbers: null, ...worded(values) };
}

/** Params that span more than two powers of ten are looked at by their powers. */
function numeric(numbers: (number | null)[], mayBeLog: boolean): Pick<Axis, "at" | "ticks" | "log"> {
  const real = numbers.filter((value) => value !== null);
  const low = Math.min(...real);
  const high = Math.max(...real);
  const log = mayBeLog && low > 0 && high / low > 100;
  const place = log ? Math.log10 : (value: number) => value;
  const span = place(high) - place(low) || 1;
  const at = (value: number) => (high === low ? 0.5 : (place(value) - place(low)) / span);
  return { at: numbers.map((value) => (value === null ? null : at(value))), log, ticks: marked(real, low, high, log).map((value) => ({ at: at(value), text: number(value, 3) })) };
}

/** The values themselves where they are few and far enough from one another, else round numbers. */
function marked(values: number[], low: number, high: number, log: boolean): number[] {
  const kinds = [...new Set(values)].sort((a, b) => a - b);
  const place = log ? Math.log10 : (value: number) => value;
  const apart = (place(high) - place(low)) * 0.05;
  if (kinds.length <= 8 && kinds.every((value, nth) => nth === 0 || place(value) - place(kinds[nth - 1]!) >= apart)) return kinds;
  if (!log) return roundBetween(low, high);
  const powers = Array.from({ length: Math.floor(place(high)) - Math.ceil(place(low)) + 1 }, (_, nth) => 10 ** (Math.ceil(place(low)) + nth));
  return powers.filter((_, nth) => nth % Math.ceil(powers.length / 6) === 0);
}

function worded(values: (string | number | null)[]): Pick<Axis, "at" | "ticks" | "log"> {
  const kinds = [...new Set(values.filter((value) => value !== null).map(String))].sort();
  const at = (value: string) => (kinds.length < 2 ? 0.5 : kinds.indexOf(value) / (kinds.length - 1));
  const every = Math.ceil(kinds.length / 12); // more would lie over one another
  return { at: values.map((value) => (value === null ? null : at(String(value)))), log: false, ticks: kinds.filter((_, place) => place % every === 0).map((text) => ({ at: at(text), text })) };
}

export interface Box {
  label: string;
  low: number;
  quarter: number;
  median: number;
  threeQuarters: number;
  high: number;
  /** Beyond one and a half times the box: drawn alone. */
  outliers: number[];
  count: number;
}

/** The numbers of each group as a box (Tukey's: whiskers reach the last value within 1.5 times the box). */
export function boxesOf(groups: string[], numbers: (number | null)[]): Box[] {
  const byGroup = new Map<string, number[]>();
  numbers.forEach((value, place) => {
    if (value !== null) byGroup.set(groups[place]!, [...(byGroup.get(groups[place]!) ?? []), value]);
  });
  const asNumber = [...byGroup.keys()].every((label) => Number.isFinite(Number(label)));
  return [...byGroup]
    .sort(([a], [b]) => (asNumber ? Number(a) - Number(b) : a.localeCompare(b)))
    .map(([label, values]) => box(label, values.sort((a, b) => a - b)));
}

function box(label: string, sorted: number[]): Box {
  const [quarter, median, threeQuarters] = [quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)];
  const reach = 1.5 * (threeQuarters - quarter);
  const inside = sorted.filter((value) => value >= quarter - reach && value <= threeQuarters + reach);
  return { label, quarter, median, threeQuarters, low: inside[0]!, high: inside.at(-1)!, outliers: sorted.filter((value) => !inside.includes(value)), count: sorted.length };
}

export function quantile(sorted: number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)]!;
  return below + (sorted[Math.ceil(place)]! - below) * (place - Math.floor(place));
}

/** Groups for boxes: words as they are, many numbers as five ranges of equal length on their axis. */
export function groupsOf(axis: Axis): string[] {
  if (!axis.numbers || new Set(axis.words).size <= 12) return axis.words;
  const fifth = (at: number) => Math.min(4, Math.floor(at * 5));
  const names = [0, 1, 2, 3, 4].map((place) => {
    const inside = axis.numbers!.filter((_, run) => axis.at[run] != null && fifth(axis.at[run]!) === place) as number[];
    return inside.length > 0 ? `${number(Math.min(...inside), 3)} – ${number(Math.max(...inside), 3)}` : "";
  });
  return axis.at.map((at) => (at === null ? "not set" : names[fifth(at)]!));
}

export type Brushes = Record<string, [number, number]>;

/** "param:lr~0.1~0.5;…": the part of each axis that is chosen. */
export function brushText(brushes: Brushes): string {
  return Object.entries(brushes).map(([id, [low, high]]) => `${encodeURIComponent(id)}~${low.toFixed(3)}~${high.toFixed(3)}`).join(";");
}

export function brushesFrom(text: string): Brushes {
  const words = text.split(";").map((word) => /^((?:%[0-9A-F]{2}|[^%])+)~([\d.]+)~([\d.]+)$/.exec(word));
  return Object.fromEntries(words.filter((word) => word !== null).map(([, id, low, high]) => [decodeURIComponent(id!), [Number(low), Number(high)]]));
}

/** Which runs lie within every brush. */
export function within(axes: Axis[], brushes: Brushes, count: number): boolean[] {
  const asked = axes.filter((axis) => brushes[axis.id]);
  return Array.from({ length: count }, (_, run) => asked.every((axis) => axis.at[run] !== null && axis.at[run]! >= brushes[axis.id]![0] - 1e-3 && axis.at[run]! <= brushes[axis.id]![1] + 1e-3));
}
