import { expect, test } from "vitest";

import { layoutFrom, layoutText } from "~/ui/columns";
import { columnsOf, differing, type Run } from "~/stages/training/runs/columns";
import { csvOf } from "~/stages/training/runs/csvOut";
import { common } from "~/stages/training/runs/columns";
import { completed, fieldOf, placeOf, suggestions, withCondition } from "~/stages/training/runs/query";
import { asked, DEFAULTS, fileLink, recipe } from "~/stages/training/runs/search";

const NAMES = { metrics: ["loss", "val/loss"], params: ["depth"], tags: ["team"] };
const RUN = { id: "a".repeat(32), name: "it's", experiment: "1", user: "ada", status: "FINISHED", state: "active", started_at: "2026-01-01T00:00:00Z", ended_at: null, hypothesis: null, params: { depth: "6", "a,b": "x" }, metrics: { "val/loss": 0.5 }, tags: {} } as Run;

const at = (text: string) => placeOf(text, text.length);

test("the box knows whether a key, an operator, a value or an `and` comes next", () => {
  expect(at("")).toEqual({ kind: "key", from: 0, word: "" });
  expect(at("metrics.lo")).toMatchObject({ kind: "key", word: "metrics.lo" });
  expect(at("metrics.loss ")).toMatchObject({ kind: "operator", word: "", key: "metrics.loss" });
  expect(at("params.`a and b` !")).toMatchObject({ kind: "operator", word: "!" });
  expect(at("params.depth = '")).toMatchObject({ kind: "value", word: "'", key: "params.depth" });
  expect(at("tags.team ILIKE '%ri")).toMatchObject({ kind: "value", word: "'%ri" });
  expect(at("params.depth = '6' ")).toMatchObject({ kind: "and" });
  expect(at("tags.team = 'you and me' and me")).toMatchObject({ kind: "key", word: "me" });
  expect(at("tags.team IS NOT NULL an")).toMatchObject({ kind: "and", word: "an" });
});

test("suggestions are what runs have, written as the grammar wants it", () => {
  const offered = (text: string, values: string[] = []) => suggestions(at(text)!, NAMES, values);
  expect(offered("loss")).toEqual(["metrics.loss", "metrics.`val/loss`"]);
  expect(offered("params.depth ")).toContain("IS NOT NULL");
  expect(offered("metrics.loss ")).toEqual(["<", "<=", "=", "!=", ">=", ">"]);
  expect(offered("params.depth = '", ["6", "o'k"])).toEqual(["'6'", '"o\'k"']);
  const place = at("params.depth = '")!;
  expect(completed("params.depth = '", place, "'6'")).toEqual({ text: "params.depth = '6' ", caret: 19 });
  expect(completed("lo and x = 1", placeOf("lo and x = 1", 2)!, "metrics.loss").text).toBe("metrics.loss and x = 1");
});

test("a click on a cell adds its condition once", () => {
  const columns = columnsOf({ names: { metrics: ["val/loss"], params: ["depth", "lr"], tags: [] } });
  const condition = (id: string, but = false) => columns.find((column) => column.id === id)?.filter?.(RUN, but);
  expect(condition("name")).toBe(`attributes.run_name = "it's"`);
  expect(condition("metric:val/loss")).toBe("metrics.`val/loss` >= 0.5");
  expect(condition("param:depth", true)).toBe("params.depth != '6'");
  expect(condition("param:lr")).toBe("params.lr IS NULL");
  expect(withCondition("", "a = 1")).toBe("a = 1");
  expect(withCondition("a = 1 and b = 2", "b = 2")).toBe("a = 1 and b = 2");
  expect(withCondition("a = 1", "c = 3")).toBe("a = 1 and c = 3");
  expect(fieldOf("params", "learning rate")).toBe("params.`learning rate`");
});

test("params that only some runs have differ, too", () => {
  expect(differing([RUN, { ...RUN, params: { depth: "7", "a,b": "x" } }])).toEqual(["depth"]);
  expect(differing([RUN, { ...RUN, params: { depth: "6" } }])).toEqual(["a,b"]);
});

test("the address is asked of the server: archived runs stay out unless they are wanted", () => {
  expect(asked(DEFAULTS, false)).toEqual({ limit: 100, filter: "" });
  expect(asked({ ...DEFAULTS, filter: "metrics.x > 1" }, true).filter).toBe("metrics.x > 1 and tags.`pomona.archived` IS NULL");
  expect(asked({ ...DEFAULTS, state: "archived" }, true).filter).toBe("tags.`pomona.archived` IS NOT NULL");
  expect(asked({ ...DEFAULTS, state: "deleted", stat: "at", step: "7" }, true)).toMatchObject({ view: "DELETED_ONLY", stat: "at", step: 7 });
});

test("the same search as a file", () => {
  const link = new URL(fileLink({ ...DEFAULTS, filter: "params.a = 'x & y'", sort: "-metrics.loss", stat: "max" }, true, "csv"), "http://x");
  expect([...link.searchParams]).toEqual([
    ["filter", "params.a = 'x & y' and tags.`pomona.archived` IS NULL"],
    ["stat", "max"],
    ["order_by", "metrics.loss DESC"],
    ["format", "csv"],
    ["limit", "200000"],
  ]);
});

test("the same search for a terminal and a notebook", () => {
  const { cli, sdk } = recipe({ ...DEFAULTS, filter: "params.a = 'x'", sort: "-metrics.loss", stat: "min" });
  expect(cli).toBe(`pomona runs ls --where 'params.a = '\\''x'\\''' --order 'metrics.loss DESC' --stat min`);
  expect(sdk).toContain(`.runs.frame(filter="params.a = 'x'", order_by="metrics.loss DESC", stat="min")`);
});

test("a layout goes into the address and back, whatever the names hold", () => {
  const layout = { shown: { "metric:a,b": true, took: false, "param:!x^": true }, pinned: ["param:!x^"] };
  expect(layoutFrom(layoutText(layout))).toEqual(layout);
  expect(layoutFrom("took,%E0%A4%A")).toEqual({ shown: { took: true }, pinned: [] });
});

test("CSV has quotes where they are needed, and no text that a spreadsheet would run", () => {
  const text = csvOf([{ ...RUN, name: "=cmd()", params: { "a,b": 'say "x"' } }], common);
  const [head, line] = text.split("\r\n");
  expect(head).toContain('metrics.val/loss,"params.a,b"');
  expect(line).toContain(",'=cmd(),");
  expect(line).toContain('"say ""x"""');
});
