/** Checks in words. */
import type { Schema } from "~/api/types";
import { number, percent } from "~/ui/format";

export type Check = Schema<"Check">;
export type CheckKind = Check["kind"];

export type Need = "column" | "columns" | "range" | "values" | "age" | "change" | "pattern" | "expression" | "to";

export const KINDS: { kind: CheckKind; label: string; needs: Need[] }[] = [
  { kind: "not_null", label: "never missing", needs: ["column"] },
  { kind: "unique", label: "unique", needs: ["columns"] },
  { kind: "range", label: "within a range", needs: ["column", "range"] },
  { kind: "allowed", label: "one of these values", needs: ["column", "values"] },
  { kind: "pattern", label: "like a pattern", needs: ["column", "pattern"] },
  { kind: "length", label: "so many characters", needs: ["column", "range"] },
  { kind: "expression", label: "true in each row", needs: ["expression"] },
  { kind: "exists", label: "known in another dataset", needs: ["columns", "to"] },
  { kind: "missing", label: "share of missing values", needs: ["column"] },
  { kind: "distinct", label: "number of different values", needs: ["column", "range"] },
  { kind: "distribution", label: "spread as it was", needs: ["column", "to"] },
  { kind: "freshness", label: "fresh enough", needs: ["column", "age"] },
  { kind: "row_count", label: "number of rows", needs: ["range"] },
  { kind: "volume", label: "change of the number of rows", needs: ["change"] },
  { kind: "schema", label: "columns and their types", needs: [] },
];

/** Kinds that look at the table as a whole: true or not, no share of rows. */
const WHOLE: CheckKind[] = ["freshness", "row_count", "volume", "distinct", "schema"];

export function isWhole(kind: CheckKind): boolean {
  return WHOLE.includes(kind);
}

/** Whether single rows can fail it, so that they can be looked at. */
export function isOnRows(kind: CheckKind): boolean {
  return !isWhole(kind) && kind !== "distribution";
}

/** A check's own name, or its kind and what it looks at: as the server names it. */
export function nameOf(check: Check): string {
  const columns = check.columns.length > 0 ? check.columns : check.column ? [check.column] : [];
  return check.name || [check.kind, ...columns, check.expression, check.to].filter(Boolean).join(" ");
}

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
    case "pattern":
      return `${columns} matches ${check.pattern}`;
    case "length":
      return `the length of ${columns} lies ${between(check)}`;
    case "expression":
      return check.expression;
    case "exists":
      return `${columns} is in ${check.to}${check.to_columns.length > 0 ? ` (${check.to_columns.join(", ")})` : ""}`;
    case "missing":
      return `${columns} is seldom missing`;
    case "distinct":
      return `the number of different values of ${columns} lies ${between(check)}`;
    case "distribution":
      return `${columns} is spread as in ${check.to || "the version before"}`;
    case "schema":
      return `${Object.keys(check.types).length} columns have their declared types`;
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
export function levels({ kind, warn, fail, critical }: Check): string {
  const above = (level: number) => {
    if (isWhole(kind)) return "";
    if (kind === "distribution") return ` above ${number(level)}`;
    return level === 0 ? " at the first row" : ` above ${percent(level, level < 0.1 && (level * 1_000) % 10 > 0.01 ? 1 : 0)} of rows`;
  };
  // A level that a worse one reaches at the same share is never seen.
  const seen = [
    { says: "warns", at: warn, next: fail ?? critical },
    { says: "fails", at: fail, next: critical },
    { says: "quarantines", at: critical, next: null },
  ].filter(({ at, next }) => at !== null && (next === null || at < next));
  if (seen.length === 0) return "only counts";
  const said = seen.map(({ says, at }) => `${says}${above(at!)}`).join(", ");
  return fail === null && critical === null ? `${said}, never fails` : said;
}
