import type { Schema } from "~/api/types";

/** How far the values moved beyond what chance explains. */
export function movedBy({ drift }: Schema<"ColumnComparison">): number {
  if (!drift || drift.score <= drift.ceiling) return 0;
  return Math.max(0, drift.score - drift.noise);
}
