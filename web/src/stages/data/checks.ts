/** Checks in words. */
import type { Schema } from "~/api/types";
import { number, percent } from "~/ui/format";

export type Check = Schema<"Check">;
export type CheckKind = Check["kind"];

export const KINDS: { kind: CheckKind; label: string; needs: ("column" | "columns" | "range" | "values" | "age" | "change")[] }[] = [
  { kind: "not_null", label: "never missing", needs: ["column"] },
  { kind: "unique", label: "unique", needs: ["columns"] },
  { kind: "range", label: "within a range", needs: ["column", "range"] },
  { kind: "allowed", label: "one of these values", needs: ["column", "values"] },
  { kind: "freshness", label: "fresh enough", needs: ["column", "age"] },
  { kind: "row_count", label: "number of rows", needs: ["range"] },
  { kind: "volume", label: "change of the number of rows", needs: ["change"] },
];

/** "distance lies between 50 and 6,000". */
export function inWords(check: Check): string {
  const columns = check.columns.length > 0 ? check.columns.join(", ") : (check.column ?? "");
  switch (check.kind) {
    case "not_null":
      return `${columns} is never missing`;
    case "unique":
      return `${columns} is unique`;
    case "range":
      return `${columns} lies ${between(check)}`;
    case "allowed":
      return `${columns} is one of ${check.values.slice(0, 6).join(", ")}${check.values.length > 6 ? " …" : ""}`;
    case "freshness":
      return `the newest ${columns || "row"} is at most ${number(check.max_age_h ?? 0)} h old`;
    case "row_count":
      return `the number of rows lies ${between(check)}`;
    case "volume":
      return `the number of rows changes by at most ${percent(check.max_change ?? 0, 0)}`;
  }
}

function between({ min, max }: Check): string {
  if (min === null) return `at or below ${number(max ?? 0)}`;
  return max === null ? `at or above ${number(min)}` : `between ${number(min)} and ${number(max)}`;
}

/** "warns above 1 % of rows, fails above 20 %". */
export function levels({ kind, warn, fail }: Check): string {
  const whole = kind === "freshness" || kind === "row_count" || kind === "volume";
  const above = (share: number) => (whole ? "" : share === 0 ? " at the first row" : ` above ${percent(share, share < 0.1 && (share * 1_000) % 10 > 0.01 ? 1 : 0)} of rows`);
  if (fail === null) return warn === null ? "only counts" : `warns${above(warn)}, never fails`;
  return warn === null || warn >= fail ? `fails${above(fail)}` : `warns${above(warn)}, fails${above(fail)}`;
}
