import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";

import { csvRows } from "~/stages/training/csv";
import EntryPage from "~/stages/training/EntryPage";
import RunPage from "~/stages/training/RunPage";
import { orderBy } from "~/stages/training/runs/search";
import RunsPage from "~/stages/training/RunsPage";
import { selectorInWords, valueOf } from "~/stages/training/selector";

import { answer, problem, show } from "../render";

const NOW = new Date().toISOString();
const RUN = {
  id: "a".repeat(32), name: "boosting", experiment: "1", user: "ada", status: "FINISHED", state: "active", started_at: NOW, ended_at: NOW,
  hypothesis: null, params: { depth: "6" }, metrics: { rmse: 0.5, loss: 0.1 }, tags: {},
};
const NO_PAGE = { items: [], next_cursor: null };

test("a sort of the table becomes the protocol's order", () => {
  expect(orderBy("-metrics.`rmse`")).toEqual(["metrics.`rmse` DESC"]);
  expect(orderBy("attributes.start_time")).toEqual(["attributes.start_time ASC"]);
  expect(orderBy("")).toEqual([]);
});

test("CSV fields may hold commas, quotes and line ends", () => {
  expect(csvRows('a,b\n"x, ""y""\nz",2\r\n', 10)).toEqual([{ a: 'x, "y"\nz', b: "2" }]);
  expect(csvRows("a\n1\n2\n3", 2)).toEqual([{ a: "1" }, { a: "2" }]);
});

test("parameters are read as JSON where they are JSON", () => {
  expect([valueOf("3"), valueOf("true"), valueOf("fast")]).toEqual([3, true, "fast"]);
});

test("which data an entry means is told in words", () => {
  const all = { columns: null, since: null, until: null, last_days: null };
  expect(selectorInWords({ ...all, ref: "flights" })).toBe("the newest version of flights that is not quarantined");
  expect(selectorInWords({ ...all, ref: "flights@v3", last_days: 90 })).toBe("flights@v3: the last 90 days");
});

test("the filter goes to the server and into the URL; its refusal is shown and the box stays", async () => {
  const seen = answer({
    "/api/v1/experiments": NO_PAGE,
    "/api/v1/runs": (request: Request) =>
      new URL(request.url).searchParams.get("filter") === "metrics.rmse <" ? problem(422, "invalid", "the condition has no value") : { items: [RUN], next_cursor: null },
  });
  const { url } = show([{ path: "/training", element: <RunsPage /> }], "/training");
  const user = userEvent.setup();
  expect(await screen.findByRole("link", { name: "boosting" })).toBeTruthy();
  const box = screen.getByRole("combobox", { name: "Filter" });
  await user.type(box, "metrics.rmse <{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("the condition has no value");
  await user.clear(box);
  await user.type(box, "metrics.rmse < 1{Enter}");
  await screen.findByRole("link", { name: "boosting" });
  expect(url()).toBe("/training?filter=metrics.rmse+%3C+1");
  expect(new URL(seen.at(-1)!.url).searchParams.get("filter")).toBe("metrics.rmse < 1");
});

test("every metric and parameter of the runs is a column", async () => {
  answer({ "/api/v1/experiments": NO_PAGE, "/api/v1/runs": { items: [RUN], next_cursor: null } });
  show([{ path: "/training", element: <RunsPage /> }], "/training");
  const table = within(await screen.findByRole("table", { name: "Runs" }));
  for (const title of ["loss", "rmse", "depth"]) expect(table.getByRole("columnheader", { name: title })).toBeTruthy();
});

function run(changes: object = {}, answers: Record<string, unknown> = {}) {
  const point = { step: 0, timestamp: 1, value: 0.5 };
  const base = `/api/v1/runs/${RUN.id}`;
  const detail = { run: RUN, experiment_name: "flights", inputs: [], code: { digest: null, git_commit: null, git_repo: null, source: "train.py", source_type: null }, environment: null, entry: null, models: [], artifacts: [], links: [], error: null };
  answer({
    [base]: { ...detail, ...changes },
    [`${base}/metrics/rmse`]: { run: RUN.id, key: "rmse", total: 1, points: [point] },
    [`${base}/metrics/loss`]: { run: RUN.id, key: "loss", total: 2, points: [point, { ...point, step: 1 }] },
    ...answers,
  });
  return show([{ path: "/training/runs/:id", element: <RunPage /> }], `/training/runs/${RUN.id}`);
}

test("a metric logged once is a number, one logged often is a line", async () => {
  run();
  expect(await screen.findByRole("figure", { name: "loss by step" })).toBeTruthy();
  expect(screen.getByText("rmse").closest("dl")).toBeTruthy();
  expect(screen.queryByRole("figure", { name: "rmse by step" })).toBeNull();
});

test("a failed script's traceback leads its page", async () => {
  run({ error: "Traceback (most recent call last):\n  ...\nValueError: NaN" });
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("ValueError: NaN");
  expect(within(alert).getByRole("region", { name: "Traceback" })).toBeTruthy();
});

test("data without a version comes with the line that gives it one", async () => {
  run({ inputs: [{ name: "frame", digest: "1", context: "training", data_version: null, hint: 'unversioned: mlflow.log_input(client.data.commit("frame", frame).to_mlflow())' }] });
  expect(await screen.findByText("unversioned")).toBeTruthy();
  expect(screen.getByText('mlflow.log_input(client.data.commit("frame", frame).to_mlflow())')).toBeTruthy();
});

test("a CSV file is previewed as a table", async () => {
  const fetched = { [`/api/v1/runs/${RUN.id}/tables/tables%2Fa.csv`]: { columns: ["carrier", "late"], rows: [["UA", 0.2]], total: 900 } };
  run({ artifacts: [{ path: "tables", is_dir: true, size: null, digest: null }, { path: "tables/a.csv", is_dir: false, size: 20, digest: "c" }] }, fetched);
  expect(await screen.findByRole("button", { name: /tables\/a.csv/ })).toBeTruthy();
  expect(await screen.findByText("UA")).toBeTruthy();
  expect(screen.getByText("The first 1 of 900 rows")).toBeTruthy();
});

test("a page is shown in a frame that may run scripts and nothing else", async () => {
  run({ artifacts: [{ path: "report.html", is_dir: false, size: 20, digest: "c" }] });
  const frame = await screen.findByTitle("report.html");
  expect(frame.getAttribute("sandbox")).toBe("allow-scripts");
  expect(frame.getAttribute("src")).toBe(`/api/v1/runs/${RUN.id}/pages/report.html`);
});

test("a note is written, and kept as the tag that MLflow uses", async () => {
  run({ run: { ...RUN, tags: { "mlflow.note.content": "It **works**" } } }, { "POST /api/v1/runs/changes": { changed: 1 } });
  expect((await screen.findByText("works")).tagName).toBe("STRONG");
  const user = userEvent.setup();
  await user.click(screen.getByRole("button", { name: "Edit" }));
  await user.type(screen.getByRole("textbox", { name: "Note" }), "!");
  await user.click(screen.getByRole("button", { name: "Keep it" }));
  await screen.findByRole("button", { name: "Edit" });
  const sent = vi.mocked(fetch).mock.calls.map(([request]) => request as Request).find((request) => request.method === "POST")!;
  expect(new URL(sent.url).pathname).toBe("/api/v1/runs/changes");
});

test("an entry runs now with changed parameters, and its job opens", async () => {
  const entry = {
    id: "ent_01jd3r5v7x9z0a1b2c3d4e5f6g", name: "late", number: 1, script: "train.py", files: [{ path: "train.py", digest: "d", size: 3 }], code: "e".repeat(64),
    data: { ref: "flights", columns: null, since: null, until: null, last_days: null }, params: { depth: 6 }, model: null, hypothesis: null,
    limits: { memory_mb: 4096, cpu_s: 60, wall_s: 60 }, environment: null, git_commit: null, git_diff: null, created_at: NOW, created_by: "ada",
  };
  const seen = answer({
    [`/api/v1/entries/${entry.id}`]: entry,
    "/api/v1/entries": { items: [entry], next_cursor: null },
    "/api/v1/runs": NO_PAGE,
    "POST /api/v1/entries/train": { id: "job_1" },
  });
  const { url } = show([{ path: "/training/entries/:ref", element: <EntryPage /> }, { path: "/loop/jobs/:id", element: <h1>job</h1> }], `/training/entries/${entry.id}`);
  const user = userEvent.setup();
  await user.click(await screen.findByRole("button", { name: "Run it now" }));
  const dialog = within(await screen.findByRole("dialog"));
  await user.clear(dialog.getByLabelText("depth"));
  await user.type(dialog.getByLabelText("depth"), "8");
  await user.click(dialog.getByRole("button", { name: "Run it" }));
  await screen.findByText("job");
  expect(url()).toBe("/loop/jobs/job_1");
  const sent = seen.find((request) => request.method === "POST")!;
  expect(await sent.json()).toEqual({ entry: entry.id, data: null, params: { depth: 8 }, force_reason: null });
});
