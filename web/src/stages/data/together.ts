/** Two profiles in the same bins, as shares that can be drawn side by side. */
import { date, number } from "~/ui/format";

import type { Category, ColumnProfile, Numeric, Time } from "./bins";

const TOP = 12;
const RARE = 0.1; // share of the rows that the named values must have on one side

export interface Together {
  bins: string[];
  before: number[];
  after: number[];
}

/** Null when there is nothing to draw: other kinds, other bins, no values. */
export function together(before: ColumnProfile, after: ColumnProfile): Together | null {
  if (before.count === 0 || after.count === 0) return null;
  if (before.kind === "category") return after.kind === "category" ? words(before, after) : null;
  if (after.kind !== before.kind || after.counts.length !== before.counts.length) return null;
  return spread(before, after as Numeric | Time);
}

function spread(before: Numeric | Time, after: Numeric | Time): Together {
  const edges = before.edges.map((edge) => (typeof edge === "string" ? date(edge) : number(edge, 3)));
  const bins = before.counts.map((_, place) => {
    if (place === 0) return edges[0] ? `< ${edges[0]}` : "all";
    return place === edges.length ? `≥ ${edges[place - 1]}` : `${edges[place - 1]} to ${edges[place]}`;
  });
  const used = before.counts.map((count, place) => count > 0 || (after.counts[place] ?? 0) > 0);
  const kept = <T>(all: T[]) => all.filter((_, place) => used[place]);
  return { bins: kept(bins), before: kept(shares(before.counts, before.count)), after: kept(shares(after.counts, after.count)) };
}

function words(before: Category, after: Category): Together | null {
  const all = { ...after.top, ...before.top };
  const seen = (value: string) => (before.top[value] ?? 0) / before.count + (after.top[value] ?? 0) / after.count;
  const named = Object.keys(all).sort((a, b) => seen(b) - seen(a)).slice(0, TOP);
  if (named.length === 0) return null;
  const [one, other] = [before, after].map((side) => {
    const counts = named.map((value) => side.top[value] ?? 0);
    return shares([...counts, side.count - counts.reduce((sum, count) => sum + count, 0)], side.count);
  }) as [number[], number[]];
  if (1 - one.at(-1)! < RARE && 1 - other.at(-1)! < RARE) return null; // names, not categories
  const rest = one.at(-1)! > 0 || other.at(-1)! > 0;
  const bins = named.map((value) => (value === "" ? "(empty)" : value));
  return rest ? { bins: [...bins, "others"], before: one, after: other } : { bins, before: one.slice(0, -1), after: other.slice(0, -1) };
}

function shares(counts: number[], rows: number): number[] {
  return counts.map((count) => count / rows);
}
