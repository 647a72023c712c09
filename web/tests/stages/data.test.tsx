import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";

import { binsOf, missingShare, type Category, type Numeric } from "~/stages/data/bins";
import { inWords, levels, type Check } from "~/stages/data/checks";
import { filled } from "~/stages/data/Coverage";
import DatasetPage from "~/stages/data/DatasetPage";
import { together } from "~/stages/data/together";
import { tableType } from "~/stages/data/upload";
import VersionPage from "~/stages/data/VersionPage";

import { answer, show } from "../render";

const NUMBERS: Numeric = { kind: "numeric", count: 40, missing: 10, nan: 0, infinite: 0, minimum: 0, maximum: 100, mean: 5, m2: 1, zeros: 0, distinct: null, edges: [1, 2, 10], counts: [10, 10, 10, 10] };
const CHECK: Check = { kind: "not_null", column: "carrier", columns: [], min: null, max: null, values: [], pattern: "", expression: "", to: "", to_columns: [], types: {}, max_age_h: null, max_change: null, warn: 0, fail: 0, critical: null, name: "" };

test("bins of unequal width are drawn as density", () => {
  const bins = binsOf(NUMBERS);
  expect(bins.map((bin) => [bin.from, bin.to])).toEqual([[0, 1], [1, 2], [2, 10], [10, 100]]);
  [1, 1, 1 / 8, 1 / 90].forEach((height, place) => expect(bins[place]!.height).toBeCloseTo(height));
});

test("open bins that hold nothing are not drawn, and an edge at the maximum gets a width", () => {
  const bins = binsOf({ ...NUMBERS, minimum: 5, maximum: 6, edges: [4.5, 5.5, 6.5], counts: [0, 30, 10, 0] });
  expect(bins.map((bin) => [bin.from, bin.to, bin.count])).toEqual([[4.5, 5.5, 30], [5.5, 6.5, 10]]);
  const end = binsOf({ ...NUMBERS, minimum: 0, maximum: 2, edges: [1, 2], counts: [10, 10, 20] }).at(-1)!;
  expect(end.to).toBeGreaterThan(end.from);
});

test("a column of one value, or of none, can be drawn", () => {
  expect(binsOf({ ...NUMBERS, minimum: 7, maximum: 7, edges: [], counts: [40] })[0]!.height).toBe(1);
  expect(binsOf({ ...NUMBERS, count: 0, minimum: null, maximum: null, edges: [], counts: [0] })).toEqual([]);
});

test("the missing share counts NaN as missing", () => {
  expect(missingShare({ ...NUMBERS, nan: 50 })).toBeCloseTo(0.6);
});

test.each<[Partial<Check>, string, string]>([
  [{}, "carrier is never missing", "fails at the first row"],
  [{ kind: "range", min: 50, max: 6000, warn: 0.01, fail: 0.2 }, "carrier lies between 50 and 6,000", "warns above 1 % of rows, fails above 20 % of rows"],
  [{ kind: "range", max: 3 }, "carrier lies at or below 3", "fails at the first row"],
  [{ kind: "volume", max_change: 0.5, fail: null }, "the number of rows changes by at most 50 %", "warns, never fails"],
  [{ kind: "freshness", column: null, max_age_h: 96 }, "the newest row is at most 96 h old", "fails"],
  [{ kind: "expression", column: null, expression: "a <= b", critical: 0.5 }, "a <= b", "fails at the first row, quarantines above 50 % of rows"],
  [{ kind: "distribution", warn: 0.1, fail: 0.25 }, "carrier is spread as in the version before", "warns above 0.1, fails above 0.25"],
  [{ kind: "exists", columns: ["carrier"], to: "airlines", to_columns: ["code"] }, "carrier is in airlines (code)", "fails at the first row"],
  [{ kind: "row_count", min: 1, critical: 0 }, "the number of rows lies at or above 1", "quarantines"],
])("a check is told in words: %o", (changes, words, level) => {
  const check = { ...CHECK, ...changes };
  expect(inWords(check)).toBe(words);
  expect(levels(check)).toBe(level);
});

test("days without rows are part of the strip, in every period", () => {
  expect(filled({ per: "day", coverage: { "2026-02-27": 2, "2026-03-01": 1 } })).toEqual([
    { name: "2026-02-27", rows: 2 },
    { name: "2026-02-28", rows: 0 },
    { name: "2026-03-01", rows: 1 },
  ]);
  expect(filled({ per: "month", coverage: { "2025-12": 2, "2026-02": 1 } }).map((one) => one.name)).toEqual(["2025-12", "2026-01", "2026-02"]);
  expect(filled({ per: "year", coverage: { "2020": 2, "2022": 1 } }).map((one) => one.rows)).toEqual([2, 0, 1]);
  expect(filled({ per: "day", coverage: {} })).toEqual([]);
});

test("two profiles are drawn in the same bins, as shares", () => {
  const drawn = together(NUMBERS, { ...NUMBERS, count: 20, counts: [0, 20, 0, 0] })!;
  expect(drawn.bins).toEqual(["< 1", "1 to 2", "2 to 10", "≥ 10"]);
  expect(drawn.before).toEqual([0.25, 0.25, 0.25, 0.25]);
  expect(drawn.after).toEqual([0, 1, 0, 0]);
  expect(together(NUMBERS, { ...NUMBERS, count: 0 })).toBeNull();
  const words: Category = { kind: "category", count: 4, missing: 0, distinct: 3, top: { a: 2, b: 1 }, other: 1 };
  const told = together(words, { ...words, top: { b: 4 }, other: 0 })!;
  expect(told.bins).toEqual(["b", "a", "others"]);
  expect(told.before).toEqual([0.25, 0.5, 0.25]);
  expect(told.after).toEqual([1, 0, 0]);
});

test("only Parquet and CSV files are tables", () => {
  expect(tableType("January.PARQUET")).toBe("application/vnd.apache.parquet");
  expect(tableType("a.b.csv")).toBe("text/csv");
  expect(tableType("report.xlsx")).toBeUndefined();
});

const DATASET = {
  id: "dat_01jd3r5v7x9z0a1b2c3d4e5f6g", name: "nyc/flights", key: ["id"], time_column: null, purposes: [], description: "Flights.", hypothesis: null,
  checks: [CHECK], consent_column: null, upkeep: { automatic: true, hidden: 0.15, small_files: 32 }, created_at: new Date().toISOString(), created_by: "ada",
};
const VERSION = {
  id: "ver_01jd3r5v7x9z0a1b2c3d4e5f6g", dataset: "nyc/flights", dataset_id: DATASET.id, number: 2, digest: "b".repeat(64), parent: null, mode: "full",
  schema: [{ name: "carrier", type: "string" }], rows: 5, rows_added: 3, rows_removed: 1, rows_changed: 0, files: [], size: 100, since: null, until: null,
  quality: "fail", profile: "", note: "", as_of: new Date().toISOString(), created_at: new Date().toISOString(), created_by: "ada", dropped_at: null, dropped_by: "", rows_erased: 0,
};

test("changed checks are sent whole", async () => {
  const path = `/api/v1/datasets/${DATASET.id}`;
  const seen = answer({ [path]: DATASET, [`${path}/versions`]: [VERSION], [`PUT ${path}/checks`]: DATASET });
  show([{ path: "/data/:ref", element: <DatasetPage /> }], `/data/${DATASET.id}`);
  const user = userEvent.setup();
  await user.click(await screen.findByRole("button", { name: "Change the checks" }));
  const dialog = within(await screen.findByRole("dialog"));
  await user.clear(dialog.getByLabelText("Fail above, %"));
  await user.type(dialog.getByLabelText("Fail above, %"), "2.5");
  expect(dialog.getByText("carrier is never missing; it warns at the first row, fails above 2.5 % of rows")).toBeTruthy();
  await user.click(dialog.getByRole("button", { name: "Save the checks" }));
  const sent = seen.find((request) => request.method === "PUT")!;
  expect(await sent.json()).toEqual([{ ...CHECK, fail: 0.025 }]);
});

test("a failing version says what is not true and shows the rows", async () => {
  const result = { name: "not_null carrier", check: CHECK, quality: "fail", failing: 2, rows: 5, share: 0.4, detail: "2 of 5 rows", examples: [{ id: 7, carrier: null }] };
  const path = `/api/v1/data-versions/${VERSION.id}`;
  answer({
    [path]: VERSION,
    [`${path}/quality`]: { id: "rep_1", version: VERSION.id, quality: "fail", results: [result], at: VERSION.as_of },
    [`${path}/profile`]: { rows: 5, columns: { carrier: { kind: "category", count: 3, missing: 2, distinct: 2, top: { UA: 2, AA: 1 }, other: 0 } } },
    [`/api/v1/datasets/${DATASET.id}`]: DATASET,
    [`/api/v1/links/${VERSION.id}`]: [],
  });
  const { url } = show([{ path: "/data/versions/:ref", element: <VersionPage /> }], `/data/versions/${VERSION.id}`);
  expect(await screen.findByText("40 % missing")).toBeTruthy();
  await userEvent.click(await screen.findByRole("button", { name: "Look at the rows" }));
  expect(url()).toContain("tab=checks");
  const rows = await screen.findByRole("region", { name: "Rows that break: carrier is never missing" });
  expect(within(rows).getByText("7")).toBeTruthy();
});
