/** Two profiles of a column, made comparable: bins of the same edges with rows per unit of width, or shares of values. */
import type { Schema } from "~/api/types";

type Profile = Schema<"ColumnReading">["reference"];
type Numbers = Extract<Profile, { kind: "numeric" }>;
type Times = Extract<Profile, { kind: "time" }>;
type Words = Extract<Profile, { kind: "category" }>;

export interface DensityBin {
  from: number;
  to: number;
  /** Share of the rows divided by the width of the bin, as a part of the densest bin of both. */
  reference: number;
  window: number;
  referenceShare: number;
  windowShare: number;
}

export interface ShareRow {
  value: string;
  reference: number;
  window: number;
}

interface Shape {
  edges: number[];
  counts: number[];
  low: number | null;
  high: number | null;
}

/** Null when the two have no bins in common. */
export function densityOf(reference: Numbers | Times, window: Numbers | Times): DensityBin[] | null {
  const [one, other] = [shapeOf(reference), shapeOf(window)];
  if (one.edges.length === 0 || one.edges.length !== other.edges.length) return null;
  const lows = [one.low, other.low, one.edges[0]!].filter((value) => value !== null);
  const highs = [one.high, other.high, one.edges.at(-1)!].filter((value) => value !== null);
  const bounds = [Math.min(...lows), ...one.edges, Math.max(...highs)];
  const [all, seen] = [total(one.counts), total(other.counts)];
  if (all === 0 && seen === 0) return null;
  const bins = one.counts.map((count, place) => {
    const [from, to] = [bounds[place]!, bounds[place + 1]!];
    return { from, to, referenceShare: all > 0 ? count / all : 0, windowShare: seen > 0 ? (other.counts[place] ?? 0) / seen : 0 };
  });
  const kept = bins.filter((bin) => bin.to > bin.from);
  const dense = kept.flatMap((bin) => [bin.referenceShare / (bin.to - bin.from), bin.windowShare / (bin.to - bin.from)]);
  const most = Math.max(...dense, 0) || 1;
  return kept.map((bin) => ({ ...bin, reference: bin.referenceShare / (bin.to - bin.from) / most, window: bin.windowShare / (bin.to - bin.from) / most }));
}

/** The values whose share changed most, furthest first. */
export function sharesOf(reference: Words, window: Words, shown = 7): ShareRow[] {
  const values = [...new Set([...Object.keys(reference.top), ...Object.keys(window.top)])];
  const share = (profile: Words, value: string) => (profile.count > 0 ? (profile.top[value] ?? 0) / profile.count : 0);
  return values
    .map((value) => ({ value, reference: share(reference, value), window: share(window, value) }))
    .sort((a, b) => Math.abs(b.window - b.reference) - Math.abs(a.window - a.reference))
    .slice(0, shown);
}

function shapeOf(profile: Numbers | Times): Shape {
  if (profile.kind === "numeric") return { edges: profile.edges, counts: profile.counts, low: profile.minimum, high: profile.maximum };
  const instant = (text: string | null) => (text === null ? null : Date.parse(text));
  return { edges: profile.edges.map((edge) => Date.parse(edge)), counts: profile.counts, low: instant(profile.earliest), high: instant(profile.latest) };
}

function total(counts: number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
