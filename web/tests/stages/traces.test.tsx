import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";

import EvaluationPage from "~/stages/training/evaluations/EvaluationPage";
import { placeOf } from "~/stages/training/runs/query";
import { messagesOf } from "~/stages/training/traces/chat";
import { plainly } from "~/stages/training/traces/columns";
import { offered } from "~/stages/training/traces/grammar";
import { asked, DEFAULTS, fileLink, recipe } from "~/stages/training/traces/search";
import TracePage from "~/stages/training/traces/TracePage";
import TracesPage from "~/stages/training/traces/TracesPage";
import { span as time, ticks, visible, type Line } from "~/stages/training/traces/tree";

import { answer, show } from "../render";

const NOW = new Date().toISOString();
const ID = `tr-${"ab".repeat(16)}`;
const NO_NAMES = { names: [], tags: [], feedback: [], expectations: [] };
const line = (span_id: string, depth: number, more: Partial<Line> = {}): Line => ({
  span_id, parent: null, depth, children: 0, name: span_id, kind: "TOOL", status: "OK", error: null, start_ms: 0, duration_ms: 5, tokens: null, model: null, ...more,
});
const LINES = [line("answer", 0, { children: 2, duration_ms: 100 }), line("retrieve", 1, { children: 1, parent: "answer" }), line("embed", 2, { parent: "retrieve" }), line("pay", 1, { parent: "answer", status: "ERROR", error: "KeyError: x" })];
const TRACE = {
  id: ID, experiment: "1", name: "answer", named: true, state: "OK", started_at: NOW, duration_ms: 100, request: '{"question": "Why?"}', response: '"So."', run: null, model: null, session: "s1", user: null,
  tokens: { input: 5, output: 2, total: 7 }, cost_usd: null, tags: { team: "a" }, metadata: {}, assessments: [],
};

test("folded spans hide what is below them; a search shows what is above what it finds", () => {
  const names = (found: Line[]) => found.map((one) => one.span_id);
  expect(names(visible(LINES, new Set(["retrieve"]), ""))).toEqual(["answer", "retrieve", "pay"]);
  expect(names(visible(LINES, new Set(["answer"]), ""))).toEqual(["answer"]);
  expect(names(visible(LINES, new Set(["answer"]), "EMB"))).toEqual(["answer", "retrieve", "embed"]);
  expect(names(visible(LINES, new Set(), "keyerror"))).toEqual(["answer", "pay"]);
});

test("the axis has round marks, times have as many digits as tell something", () => {
  expect(ticks(989)).toEqual([0, 200, 400, 600, 800]);
  expect(ticks(0)).toEqual([0]);
  expect([0, 0.1234, 3.14, 120.6, 2_345, 75_000].map(time)).toEqual(["0 ms", "0.12 ms", "3.1 ms", "121 ms", "2.35 s", "1 min 15 s"]);
});

test("conversations are found in whatever shape a library sends them", () => {
  expect(messagesOf({ messages: [{ role: "user", content: "Why?" }] })).toEqual([{ role: "user", text: "Why?", calls: [] }]);
  const called = messagesOf({ choices: [{ message: { role: "assistant", content: null, tool_calls: [{ function: { name: "pay", arguments: '{"sum": 3}' } }] } }] });
  expect(called).toEqual([{ role: "assistant", text: "", calls: [{ name: "pay", arguments: { sum: 3 } }] }]);
  expect(messagesOf([[{ type: "human", content: [{ type: "text", text: "Hi" }, { type: "image_url" }] }]])).toEqual([{ role: "user", text: "Hi\n\n[image_url]", calls: [] }]);
  for (const other of [null, 3, "text", {}, [], [{ role: "user" }], [{ a: 1 }, { role: "user", content: "x" }]]) expect(messagesOf(other)).toEqual([]);
});

test("previews are read without braces; what was cut stays as it is", () => {
  expect([plainly('{"question": "Why?"}'), plainly('"So."'), plainly('{"a": 1, "b": "x"}'), plainly('{"a": "cut...')]).toEqual(["Why?", "So.", "a: 1, b: x", '{"a": "cut...']);
});

test("the filter's box knows what traces have", () => {
  const names = { names: ["answer"], tags: ["my tag"], feedback: ["helpful"], expectations: [] };
  const at = (text: string) => offered(placeOf(text, text.length)!, names);
  expect(at("feed")).toEqual(["feedback.helpful"]);
  expect(at("tag")).toContain("tag.`my tag`");
  expect(at("trace.status = ")).toEqual(["'OK'", "'ERROR'", "'IN_PROGRESS'"]);
  expect(at("trace.execution_time_ms ")).toContain(">");
  expect(at("trace.text ")).toEqual(["LIKE", "ILIKE"]);
});

test("the same search is a query, a file and a recipe", () => {
  const view = { ...DEFAULTS, experiment: "bot", filter: "trace.name = 'a'", sort: "-trace.status" };
  expect(asked(view)).toEqual({ limit: 100, filter: "trace.name = 'a'", experiment: "bot", order_by: ["trace.status DESC"] });
  expect(fileLink(view, "spans", "jsonl")).toContain("rows=spans&format=jsonl");
  expect(recipe(view).cli).toBe("pomona traces ls -e 'bot' --where 'trace.name = '\\''a'\\''' --order 'trace.status DESC'");
});

test("a click on a cell's funnel filters; the empty list says how to begin", async () => {
  const seen = answer({
    "/api/v1/experiments": { items: [], next_cursor: null },
    "/api/v1/traces/names": NO_NAMES,
    "/api/v1/traces": (request: Request) => ({ items: new URL(request.url).searchParams.get("filter") ? [TRACE] : [], next_cursor: null }),
  });
  const { url } = show([{ path: "/training/traces", element: <TracesPage /> }], "/training/traces");
  expect(await screen.findByText("No trace yet")).toBeTruthy();
  expect(screen.getByText(/@mlflow.trace/)).toBeTruthy();
  const user = userEvent.setup();
  await user.type(screen.getByRole("combobox", { name: "Filter" }), "trace.status = 'OK'{Enter}");
  const row = (await screen.findByRole("link", { name: "answer" })).closest("tr")!;
  await user.hover(row);
  fireEvent.click(within(row).getByRole("button", { name: "Only trace.name = 'answer'" }));
  await waitFor(() => expect(new URLSearchParams(url().split("?")[1]).get("filter")).toBe("trace.status = 'OK' and trace.name = 'answer'"));
  expect(new URL(seen.at(-1)!.url).pathname).toBe("/api/v1/traces");
});

test("a span is chosen by keys and told as it was; a judgement is sent", async () => {
  const held = (span: Line, more = {}) => ({ span, inputs: { messages: [{ role: "user", content: "Why?" }] }, outputs: null, attributes: {}, events: [], links: [], ...more });
  const seen = answer({
    "/api/v1/traces/names": NO_NAMES,
    [`/api/v1/traces/${ID}`]: { trace: TRACE, experiment_name: "bot", runs: [], prompts: [], spans: LINES, whole: true, length_ms: 100 },
    [`/api/v1/traces/${ID}/spans/answer`]: held(LINES[0]!),
    [`/api/v1/traces/${ID}/spans/pay`]: held(LINES[3]!, { events: [{ name: "exception", at_ms: 3, attributes: { "exception.type": "KeyError", "exception.message": "x" } }] }),
    [`POST /api/v1/traces/${ID}/assessments`]: {},
  });
  const { url } = show([{ path: "/training/traces/:id", element: <TracePage /> }], `/training/traces/${ID}`);
  const tree = await screen.findByRole("tree", { name: "Spans" });
  expect((await screen.findAllByText("Why?")).length).toBe(1);
  const user = userEvent.setup();
  tree.focus();
  await user.keyboard("{End}");
  expect(url()).toBe(`/training/traces/${ID}?span=pay`);
  expect(await screen.findByText("KeyError: x")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Judge it" }));
  await user.type(await screen.findByPlaceholderText("helpful"), "helpful");
  await user.click(screen.getByRole("button", { name: "Keep it" }));
  const sent = seen.find((request) => request.method === "POST");
  expect(await sent?.json()).toEqual({ name: "helpful", kind: "feedback", value: true, rationale: null, span_id: null });
});

test("an evaluation dataset has a column for each field, and a record opens as a whole", async () => {
  const id = `d-${"ab".repeat(16)}`;
  const row = { id: "dr-1", dataset: id, inputs: { question: "Why?" }, outputs: {}, expectations: { answer: "So." }, tags: {}, source: { source_type: "TRACE", source_data: { trace_id: ID } }, created_ms: 1, updated_ms: 1, created_by: null, updated_by: null };
  const dataset = { id, name: "questions", digest: "d1", tags: {}, schema: null, rows: 1, experiments: ["1"], created_ms: 1, updated_ms: 1, created_by: null, updated_by: null };
  answer({
    [`/api/v1/evaluations/${id}`]: { dataset, experiments: { "1": "bot" }, runs: [{ run: "a".repeat(32), name: "eval", experiment: "1", digest: "d0", started_at: NOW }] },
    [`/api/v1/evaluations/${id}/records`]: { items: [row], next_cursor: null },
  });
  show([{ path: "/training/evaluations/:id", element: <EvaluationPage /> }], `/training/evaluations/${id}`);
  expect(await screen.findByText("expected: answer")).toBeTruthy();
  expect(screen.getByText("changed since")).toBeTruthy();
  expect(screen.getByRole("link", { name: /tr-abab/ }).getAttribute("href")).toBe(`/training/traces/${ID}`);
  await userEvent.setup().click(screen.getByRole("link", { name: "Why?" }));
  expect(within(await screen.findByRole("dialog")).getByText("So.")).toBeTruthy();
});
