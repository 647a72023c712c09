import { fireEvent, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";

import HypothesisPage from "~/stages/business/HypothesisPage";
import NewHypothesisPage from "~/stages/business/NewHypothesisPage";
import { breakEven, progress } from "~/stages/business/payoffs";
import { scoreOf } from "~/stages/business/Target";

import { answer, problem, show } from "../render";

const ID = "hyp_01jd3r5v7x9z0a1b2c3d4e5f6g";
const HYPOTHESIS = {
  id: ID, name: "late-flights", statement: "Warned passengers rebook in time.", metric: "average_precision", direction: "higher",
  baseline: 0.24, target: 0.35, unit: "flight", state: "open", created_at: new Date().toISOString(), created_by: "ada",
  payoffs: { true_positive: "40", false_positive: "-15", true_negative: "0", false_negative: "0", threshold: 0.4, currency: "EUR" },
  budget: { owner: "ada", days: 10, money: { amount: "5000", currency: "EUR" } },
};
const METRICS = [{ name: "average_precision", direction: "higher", kind: "classification", what: "precision averaged over recall" }];

test("a yes pays from the probability on at which gain and loss balance", () => {
  expect(breakEven({ truePositive: 40, falsePositive: -15, trueNegative: 0, falseNegative: 0 })).toBeCloseTo(15 / 55);
  expect(breakEven({ truePositive: 10, falsePositive: -10, trueNegative: 0, falseNegative: -20 })).toBeCloseTo(0.25);
});

test("there is no such probability when one answer is always the better", () => {
  expect(breakEven({ truePositive: 40, falsePositive: 1, trueNegative: 0, falseNegative: 0 })).toBeNull();
  expect(breakEven({ truePositive: -1, falsePositive: -15, trueNegative: 0, falseNegative: 0 })).toBeNull();
  expect(breakEven({ truePositive: 0, falsePositive: 0, trueNegative: 0, falseNegative: 0 })).toBeNull();
});

test("progress goes from baseline to target in either direction", () => {
  expect(progress(11, 14, 8)).toBeCloseTo(0.5);
  expect(progress(0.35, 0.24, 0.35)).toBeCloseTo(1);
});

test("a score on data the run did not learn from comes before one on data it did", () => {
  expect(scoreOf({ rmse: 1, test_rmse: 2 }, "rmse")).toBe(2);
  expect(scoreOf({ rmse: 1 }, "rmse")).toBe(1);
  expect(scoreOf({}, "rmse")).toBeUndefined();
});

function form(answers: Record<string, unknown> = {}) {
  const seen = answer({ "/api/v1/metrics": METRICS, ...answers });
  const shown = show([{ path: "/business/new", element: <NewHypothesisPage /> }, { path: "/business/:ref", element: <h1>stated</h1> }], "/business/new");
  return { seen, ...shown };
}

async function fill() {
  const user = userEvent.setup();
  fireEvent.change(screen.getByLabelText(/^Name/), { target: { value: "late-flights" } });
  fireEvent.change(screen.getByLabelText(/^Statement/), { target: { value: "Warned passengers rebook in time." } });
  await user.click(await screen.findByRole("combobox", { name: /^Metric/ })); // its choices come a moment later
  await user.click(await screen.findByText("average precision"));
  fireEvent.change(screen.getByLabelText(/^Baseline/), { target: { value: "0.24" } });
  fireEvent.change(screen.getByLabelText(/^Target/), { target: { value: "0.35" } });
  return user;
}

test("what the amounts mean follows what is typed, and its threshold can be taken over", async () => {
  form();
  const user = userEvent.setup();
  const yes = screen.getByLabelText(/^A right yes/);
  await user.clear(yes);
  await user.type(yes, "85");
  expect(screen.getByText(/A yes pays when the chance is above 15.0 %/)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Use 15.0 %" }));
  expect((screen.getByLabelText(/^Says yes above/) as HTMLInputElement).value).toBe("0.15");
});

test("nothing is sent while something is missing", async () => {
  const { seen } = form();
  await userEvent.click(screen.getByRole("button", { name: "State it" }));
  expect((await screen.findAllByText("This is needed")).length).toBe(5);
  expect(seen.filter((request) => request.method === "POST")).toEqual([]);
});

test("a stated hypothesis is sent as the API wants it, and its page opens", async () => {
  const { seen, url } = form({ "POST /api/v1/hypotheses": HYPOTHESIS });
  const user = await fill();
  await user.click(screen.getByRole("button", { name: "State it" }));
  await screen.findByText("stated");
  expect(url()).toBe(`/business/${ID}`);
  const sent = seen.find((request) => request.method === "POST")!;
  expect(await sent.json()).toMatchObject({ name: "late-flights", baseline: 0.24, unit: "prediction", payoffs: { true_positive: "40" }, budget: null });
});

test("what the server refuses is said at its field", async () => {
  const refusal = Response.json(
    { title: "Invalid", status: 422, code: "invalid", detail: "the target is no better", hint: "higher is better", extra: { field: "target" } },
    { status: 422 },
  );
  form({ "POST /api/v1/hypotheses": refusal });
  const user = await fill();
  await user.click(screen.getByRole("button", { name: "State it" }));
  const said = await screen.findByText("the target is no better: higher is better");
  expect(screen.getByLabelText(/^Target/).getAttribute("aria-describedby")).toContain(said.id);
});

test("a refusal about no field is shown whole", async () => {
  form({ "POST /api/v1/hypotheses": problem(507, "storage_full", "the disk takes no more data", "free some space") });
  const user = await fill();
  await user.click(screen.getByRole("button", { name: "State it" }));
  expect((await screen.findByRole("alert")).textContent).toContain("free some space");
});

function page(answers: Record<string, unknown> = {}) {
  const seen = answer({
    [`/api/v1/hypotheses/${ID}`]: HYPOTHESIS,
    [`/api/v1/hypotheses/${ID}/decisions`]: [],
    "/api/v1/runs": { items: [], next_cursor: null },
    "/api/v1/endpoints": { items: [], next_cursor: null },
    ...answers,
  });
  show([{ path: "/business/:ref", element: <HypothesisPage /> }], `/business/${ID}`);
  return seen;
}

test("a decision is sent with its reason", async () => {
  const seen = page({ [`POST /api/v1/hypotheses/${ID}/decisions`]: { id: "dec_1" } });
  const user = userEvent.setup();
  await user.click(await screen.findByRole("button", { name: "Decide" }));
  const dialog = within(await screen.findByRole("dialog"));
  await user.click(dialog.getByText("Kill"));
  await user.type(dialog.getByLabelText(/^Reason/), "It never pays.");
  await user.click(dialog.getByRole("button", { name: "Kill it" }));
  const sent = seen.find((request) => request.method === "POST")!;
  expect(await sent.json()).toEqual({ verdict: "kill", reason: "It never pays.", evidence: [] });
});

test("a killed hypothesis cannot be decided about again", async () => {
  page({ [`/api/v1/hypotheses/${ID}`]: { ...HYPOTHESIS, state: "killed" } });
  await screen.findByRole("heading", { name: "late-flights" });
  expect(screen.queryByRole("button", { name: "Decide" })).toBeNull();
});

test("money that its endpoint earned is shown beside what is earned without a model", async () => {
  page({
    "/api/v1/endpoints": { items: [{ id: "end_1", name: "warn", hypothesis: ID, payoffs: HYPOTHESIS.payoffs }], next_cursor: null },
    "/api/v1/endpoints/warn/value": { endpoint: "warn", currency: "EUR", period: "month", rows: [], predictions: 9, matched: 7, value: "120", value_without: "0", uplift: "120" },
  });
  expect(await screen.findByText("+€120")).toBeTruthy();
  expect(screen.getByText(/on 7 known outcomes/)).toBeTruthy();
});
