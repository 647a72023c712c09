/** The ledger of money as it is drawn: a pile per period, a layer per model version. */
import type { Schema } from "~/api/types";

export interface Layer {
  version: string;
  value: number;
  matched: number;
}

export interface Pile {
  period: string;
  layers: Layer[];
  /** What the same cases earn without a model. */
  without: number;
  value: number;
}

/** Periods in order; inside each one layer per version, in the order in which versions first appear. */
export function pilesOf(rows: Schema<"ValueRow">[]): { piles: Pile[]; versions: string[] } {
  const ordered = [...rows].sort((a, b) => a.period.localeCompare(b.period));
  const versions = [...new Set(ordered.map((row) => row.model_version))];
  const piles = [...new Set(ordered.map((row) => row.period))].map((period): Pile => {
    const own = ordered.filter((row) => row.period === period);
    const layers = versions.flatMap((version): Layer[] => {
      const mine = own.filter((row) => row.model_version === version);
      return mine.length === 0 ? [] : [{ version, value: sum(mine, (row) => Number(row.value)), matched: sum(mine, (row) => row.matched) }];
    });
    return { period, layers, without: sum(own, (row) => Number(row.value_without)), value: sum(own, (row) => Number(row.value)) };
  });
  return { piles, versions };
}

function sum<Row>(rows: Row[], of: (row: Row) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}

/** "Mar 2013" for a month, "3 Mar" for a day. */
export function periodText(period: string, kind: string): string {
  const options: Intl.DateTimeFormatOptions = kind === "month" ? { month: "short", year: "numeric" } : { day: "numeric", month: "short" };
  return new Date(period).toLocaleDateString("en-GB", { ...options, timeZone: "UTC" });
}
