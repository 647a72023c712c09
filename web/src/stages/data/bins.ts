/** A profile's bins as they are drawn: each from here to there, with as many rows per unit of width. */
import type { Schema } from "~/api/types";

export type Numeric = Schema<"NumericProfile">;
export type Category = Schema<"CategoryProfile">;
export type Time = Schema<"TimeProfile">;
export type ColumnProfile = Numeric | Category | Time;

export interface Bin {
  from: number;
  to: number;
  count: number;
  /** Rows per unit of width, as a share of the densest bin: bins of unequal width compare by area. */
  height: number;
}

/** Empty when the column holds no value. Times are Unix milliseconds. */
export function binsOf(profile: Numeric | Time): Bin[] {
  const [low, high, edges] =
    profile.kind === "numeric"
      ? [profile.minimum, profile.maximum, profile.edges]
      : [instant(profile.earliest), instant(profile.latest), profile.edges.map((edge) => Date.parse(edge))];
  if (low === null || high === null) return [];
  const first = edges[0] ?? high;
  const last = edges.at(-1) ?? high;
  // The outer two bins are open: they reach to the smallest and the largest value there is.
  const bounds = [Math.min(low, first), ...edges, Math.max(high, last)];
  const bins = profile.counts.map((count, place) => ({ from: bounds[place]!, to: bounds[place + 1] ?? bounds[place]!, count }));
  const drawn = bins.filter((bin, place) => bin.count > 0 || (place > 0 && place < bins.length - 1));
  const widths = drawn.map((bin) => bin.to - bin.from).filter((width) => width > 0);
  const thin = Math.min(...widths, Infinity);
  const broad = Number.isFinite(thin) ? drawn.map((bin) => (bin.to > bin.from ? bin : { ...bin, to: bin.from + thin })) : drawn.map((bin) => ({ ...bin, to: bin.from + 1 }));
  const densest = Math.max(...broad.map((bin) => bin.count / (bin.to - bin.from)));
  return broad.map((bin) => ({ ...bin, height: densest > 0 ? bin.count / (bin.to - bin.from) / densest : 0 }));
}

function instant(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}

/** Rows without a value, as a share of all. */
export function missingShare(profile: ColumnProfile): number {
  const nan = profile.kind === "numeric" ? profile.nan : 0;
  const rows = profile.count + profile.missing + nan;
  return rows > 0 ? (profile.missing + nan) / rows : 0;
}

/** Standard deviation of the finite values. */
export function spread(profile: Numeric): number {
  const n = profile.count - profile.infinite;
  return n > 1 ? Math.sqrt(profile.m2 / (n - 1)) : 0;
}
