import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";

import CirclePage from "~/circle/CirclePage";
import StageHome from "~/circle/StageHome";

import { answer, problem, show } from "../render";

function stage(key: string, title: string, state = "ok", needs: object[] = []) {
  return { stage: key, title, state, headline: `${title} is ${state}`, facts: [{ label: "records", value: "3" }], needs };
}

const ENTRY = {
  seq: 9,
  type: "registry.version_registered",
  subject: "mv_01jd3r5v7x9z0a1b2c3d4e5f6g",
  actor: "ada",
  at: new Date().toISOString(),
  data: { model: "scorer", number: 4 },
  prev_hash: "",
  hash: "",
};

const CIRCLE = {
  stages: [
    stage("business", "Business"),
    stage("data", "Data"),
    stage("training", "Training and registry", "busy"),
    stage("releases", "Releases", "attention", [{ text: "Promote version 4?", link: "/releases/rel_1" }]),
    stage("serving", "Serving"),
    stage("monitoring", "Monitoring", "empty"),
  ],
  loop: stage("loop", "The loop"),
  latest: [ENTRY],
};

test("every stage is a link that says where it stands", async () => {
  answer({ "/api/v1/circle": CIRCLE });
  show(<CirclePage />);
  const stages = within(await screen.findByRole("region", { name: "The stages" }));
  for (const one of [...CIRCLE.stages, CIRCLE.loop]) {
    const heading = stages.getByRole("heading", { name: one.title });
    expect(heading.closest("a")?.getAttribute("href")).toBe(`/${one.stage}`);
    expect(heading.closest("a")?.textContent).toContain(one.headline);
  }
});

test("what needs a person comes first, as a link to where it is done", async () => {
  answer({ "/api/v1/circle": CIRCLE });
  show(<CirclePage />);
  expect((await screen.findByRole("link", { name: "Promote version 4?" })).getAttribute("href")).toBe("/releases/rel_1");
  expect(screen.getByText("At work: training and registry. One thing waits for you.")).toBeTruthy();
});

test("stage 3 speaks for training and registry", async () => {
  answer({ "/api/v1/circle": CIRCLE });
  show(<CirclePage />);
  const card = (await screen.findByRole("heading", { name: "Training and registry" })).closest("a");
  expect(card?.textContent).toContain("version registered, just now");
});

test("an event names its record and leads to it", async () => {
  answer({ "/api/v1/circle": CIRCLE });
  show(<CirclePage />);
  expect((await screen.findByRole("link", { name: "scorer v4" })).getAttribute("href")).toBe(`/registry/versions/${ENTRY.subject}`);
});

test("a circle without a server says what to do", async () => {
  answer({ "/api/v1/circle": problem(503, "unavailable", "the store is being upgraded", "wait a minute") });
  show(<CirclePage />);
  expect((await screen.findByRole("alert")).textContent).toContain("wait a minute");
});

test("an empty stage shows the lines that bring its first record", async () => {
  answer({ "/api/v1/circle": CIRCLE });
  show(<StageHome stageKey="monitoring" />);
  expect(await screen.findByLabelText("Terminal example")).toBeTruthy();
});

test("what was earned stands beside what training cost", async () => {
  answer({ "/api/v1/circle": { ...CIRCLE, money: [{ currency: "EUR", earned: "1655.00", spent: "18.95" }, { currency: "USD", earned: null, spent: "3.5" }] } });
  show(<CirclePage />);
  const section = (await screen.findByRole("heading", { name: "Money" })).closest("section");
  expect(section?.textContent).toMatch(/Earned by models\+€1,655.*Spent on training€18\.95.*Left\+€1,636.*Spent on training\$3\.50/);
});

test("where no money is counted none is shown", async () => {
  answer({ "/api/v1/circle": { ...CIRCLE, money: [] } });
  show(<CirclePage />);
  await screen.findByRole("heading", { name: "Needs a person" });
  expect(screen.queryByRole("heading", { name: "Money" })).toBeNull();
});
