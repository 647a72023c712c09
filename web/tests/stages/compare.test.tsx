import { screen, within as inside } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";

import ComparePage from "~/stages/training/compare/ComparePage";
import { compareLink, idsFrom, tooMany } from "~/stages/training/compare/link";
import { axesOf, axis, boxesOf, brushesFrom, brushText, groupsOf, quantile, within } from "~/stages/training/compare/values";
import { colorAt, data, faint, lines } from "~/ui/lines";

import { answer, show } from "../render";

const NOW = new Date().toISOString();
const RUNS = ["a", "b", "c"].map((sign, place) => ({
  id: sign.repeat(32), name: `run ${sign}`, experiment: "1", user: "", status: "FINISHED", state: "active", started_at: NOW, ended_at: NOW,
  hypothesis: null, params: { lr: ["0.001", "0.1", "1"][place]!, kind: ["x", "y", "x"][place]! }, metrics: { acc: place / 2 }, tags: {},
}));
const COMPARED = { runs: RUNS, params: { lr: ["0.001", "0.1", "1"], kind: ["x", "y", "x"] }, metrics: { acc: [0, 0.5, 1] }, code: RUNS.map(() => ({ digest: null, git_commit: null, diff: null, changes: null })) };

test("an axis of numbers that span powers of ten counts powers, words stand in order", () => {
  const [lr, kind, acc] = axesOf(COMPARED as never);
  expect(lr!.log).toBe(true);
  expect(lr!.at.map((at) => at!.toFixed(2))).toEqual(["0.00", "0.67", "1.00"]);
  expect(kind!.at).toEqual([0, 1, 0]);
  expect(acc!.ticks.map((tick) => tick.text)).toEqual(["0", "0.5", "1"]); // few values: themselves
  expect(axis("metric:m", "m", Array.from({ length: 20 }, (_, place) => 0.598 + place * 0.019)).ticks.map((tick) => tick.text)).toEqual(["0.6", "0.7", "0.8", "0.9"]);
  expect(axis("param:q", "q", Array.from({ length: 20 }, (_, place) => String(2e-5 * 1.8 ** place))).ticks.map((tick) => tick.text)).toEqual(["0.0001", "0.001", "0.01", "0.1", "1"]);
  expect(axis("param:p", "p", ["3", null, "3"])).toMatchObject({ at: [0.5, null, 0.5], words: ["3", "not set", "3"] });
});

test("boxes are Tukey's", () => {
  const values = [1, 2, 3, 4, 5, 100, null];
  const [box] = boxesOf(values.map(() => "g"), values);
  expect(box).toEqual({ label: "g", quarter: 2.25, median: 3.5, threeQuarters: 4.75, low: 1, high: 5, outliers: [100], count: 6 });
  expect(quantile([1, 2], 0.5)).toBe(1.5);
  const many = axis("param:n", "n", Array.from({ length: 50 }, (_, place) => String(place)));
  expect(new Set(groupsOf(many)).size).toBe(5);
  expect(boxesOf(["10", "9", "10"], [1, 2, 3]).map((one) => one.label)).toEqual(["9", "10"]);
});

test("brushes go into the address and back, and choose runs", () => {
  const brushes = { "param:a;~b": [0.1, 0.5] as [number, number] };
  expect(brushesFrom(brushText(brushes))).toEqual(brushes);
  const axes = axesOf(COMPARED as never);
  expect(within(axes, { "param:lr": [0.5, 1], "param:kind": [0, 0.2] }, 3)).toEqual([false, false, true]);
  expect(brushesFrom("nonsense;x~y~z")).toEqual({});
});

test("an address holds hundreds of runs by their first digits", () => {
  const many = Array.from({ length: 400 }, (_, place) => ({ id: place.toString(16).padStart(12, "0") + "f".repeat(20) }));
  const link = compareLink(many);
  expect(link.length).toBeLessThan(4_000);
  expect(idsFrom(new URLSearchParams(link.split("?")[1]).get("runs")!)).toHaveLength(300);
  expect(tooMany(link.split("=")[1]!)).toBe(true);
  expect(tooMany(compareLink(many.slice(0, 300)).split("=")[1]!)).toBe(false);
  expect(idsFrom("zz,abcdef12,abcdef12")).toEqual(["abcdef12"]);
});

test("a band's edges are lines of their own; a log axis has nothing at or below zero", () => {
  const series = [{ name: "g", x: [0, 1], y: [1, 2], low: [-1, 1], high: [2, 3] }];
  expect(lines(series).map((one) => one.role)).toEqual(["line", "low", "high"]);
  expect(data({ kind: "line", label: "", x: "number", series, log: true })).toEqual([[0, 1], [1, 2], [null, 1], [2, 3]]);
  expect(new Set(Array.from({ length: 100 }, (_, place) => colorAt(place, 100))).size).toBeGreaterThan(90);
  expect(faint("hsl(1 2% 3%)")).toBe("hsl(1 2% 3% / 22%)");
});

test("the page shows importances with what may be chance, and every value as a table", async () => {
  answer({
    "/api/v1/runs/compare": COMPARED,
    "/api/v1/runs/importance": [{ param: "lr", share: 0.61, direction: 0.9, p_value: 0.001, runs: 3, groups: 3 }, { param: "kind", share: 0, direction: null, p_value: 0.7, runs: 3, groups: 2 }],
  });
  const { url } = show([{ path: "/training/compare", element: <ComparePage /> }], `${compareLink(RUNS)}&tab=importance`);
  const row = inside(await screen.findByRole("row", { name: /^lr/ }));
  expect(row.getByText("61.0 %")).toBeTruthy();
  expect(screen.getByText("may be chance, p = 0.7")).toBeTruthy();
  await userEvent.click(screen.getByRole("tab", { name: "Table" }));
  expect(await screen.findByRole("link", { name: "run b" })).toBeTruthy();
  expect(url()).toContain("tab=table");
});

test("without runs the page says how to choose some", async () => {
  show([{ path: "/training/compare", element: <ComparePage /> }], "/training/compare");
  expect(await screen.findByText("Nothing to compare yet")).toBeTruthy();
});
