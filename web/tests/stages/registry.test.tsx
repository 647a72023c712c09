import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";

import { sentences } from "~/stages/ties";
import ModelPage from "~/stages/registry/ModelPage";
import VersionPage from "~/stages/registry/VersionPage";

import { answer, problem, show } from "../render";

const NOW = new Date().toISOString();
const MV = "mv_01jd3r5v7x9z0a1b2c3d4e5f6g";
const RUN = "a".repeat(32);
const VERSION = {
  id: MV, model: "scorer", model_id: "mdl_01jd3r5v7x9z0a1b2c3d4e5f6g", number: 3, run_id: null, logged_model: null, source: "", digest: "d".repeat(64), size: 5,
  files: [{ path: "MLmodel", digest: "e".repeat(64), size: 5 }], flavors: { sklearn: {}, python_function: { python_version: "3.11" } },
  signature: { inputs: [{ name: "hour", type: "double", required: true }, { name: "gust", type: "double", required: false }], outputs: [], params: [] },
  metrics: { test_rmse: 0.5 }, data_version: null, hypothesis: null, environment: null, status: "ready", stage: "None", description: "", run_link: "", tags: {},
  aliases: ["champion"], created_at: NOW, updated_at: NOW, created_by: "ada",
};
const SCORE = { metric: "rmse", value: 0.5, rows: null, data_version: null, standard_error: null, low: null, high: null };
const GATE = {
  id: "gat_1", model: "scorer", version: MV, number: 3, champion: null, hypothesis: null, metric: "rmse", direction: "lower", target: 0.6, minimum_improvement: 0,
  candidate_score: SCORE, champion_score: null, passed: true, reason: "rmse 0.5, target 0.6 reached", at: NOW, by: "ada",
};
const MODEL = { id: VERSION.model_id, name: "scorer", description: "", tags: {}, aliases: { champion: 3 }, latest: 3, approvals_needed: 0, approvers: [], created_at: NOW, updated_at: NOW };

test("a link is read from either end", () => {
  const links = [
    { source: RUN, relation: "produced", target: MV, at: NOW },
    { source: RUN, relation: "used_code", target: "f".repeat(64), at: NOW },
  ];
  expect([...sentences(MV, links)]).toEqual([["made by", [RUN]]]);
  expect([...sentences(RUN, links)]).toEqual([["made", [MV]]]);
});

test("versions stand side by side; the champion and the gate are marked", async () => {
  answer({ "/api/v1/models/scorer": { model: MODEL, versions: [VERSION, { ...VERSION, id: MV.replace("g", "h"), number: 2, aliases: [], metrics: { test_rmse: 0.7 } }], gates: [GATE] } });
  show([{ path: "/registry/:ref", element: <ModelPage /> }], "/registry/scorer");
  const table = within(await screen.findByRole("table", { name: "Versions" }));
  expect(table.getByRole("columnheader", { name: "test_rmse" })).toBeTruthy();
  const row = within(table.getByRole("link", { name: "v3" }).closest("tr")!);
  expect(row.getByText("champion")).toBeTruthy();
  expect(row.getByText("passed")).toBeTruthy();
  expect(screen.getByText("rmse 0.5, target 0.6 reached")).toBeTruthy();
  expect(screen.getByText(/models:\/scorer@champion/)).toBeTruthy();
});

const SEAL = { id: MV, manifest: "{}", key: "k".repeat(32), signature: "c2lnbmF0dXJl", sealed_at: NOW, sealed_by: "ada", note: "" };
const STANDING = { needed: 1, approvers: [], authors: ["ada"], requested: false, approved_by: [], rejected_by: [], missing: "1 approval of another person missing", statements: [] };
const CARD = {
  version: MV, model: "scorer", number: 3, revision: 0, unwritten: ["Known limits"], edits: [],
  text: "---\nlicense: mit\n---\n# scorer v3\n\n<!-- pomona:data 12345678 -->\n| | |\n|---|---|\n| rows | 9 |\n<!-- /pomona:data -->\n\n## Known limits\n\n<script>alert(1)</script> [x](javascript:alert(1))\n",
};

function page(answers: Record<string, unknown> = {}) {
  const seen = answer({
    [`/api/v1/model-versions/${MV}`]: { version: { ...VERSION, aliases: [] }, gates: [], links: [], seal: SEAL },
    "/api/v1/models/scorer/versions/3/approvals": STANDING,
    "/api/v1/models/scorer/versions/3/card": CARD,
    "/api/v1/models/scorer": { model: { ...MODEL, aliases: { champion: 2 } }, versions: [], gates: [] },
    "/api/v1/models/scorer/versions/3/files/MLmodel": new Response("flavors: {}"),
    ...answers,
  });
  show([{ path: "/registry/versions/:ref", element: <VersionPage /> }], `/registry/versions/${MV}`);
  return seen;
}

test("the signature says which columns may be missing", async () => {
  page();
  const takes = within(await screen.findByRole("table", { name: "Takes" }));
  expect(takes.getByRole("row", { name: "hour double never" })).toBeTruthy();
  expect(takes.getByRole("row", { name: "gust double allowed" })).toBeTruthy();
});

test("an alias that the gate refuses moves only by force, with a reason", async () => {
  const bodies: unknown[] = [];
  page({
    "PUT /api/v1/models/scorer/aliases/champion": async (request: Request) => {
      const body = (await request.json()) as { force: string | null };
      bodies.push(body);
      return body.force === null ? problem(409, "refused", "its gate said no", "check the gate") : VERSION;
    },
  });
  const user = userEvent.setup();
  await user.click(await screen.findByRole("button", { name: "Move an alias here" }));
  const dialog = within(await screen.findByRole("dialog"));
  expect(await dialog.findByText("It moves from v2 to v3.")).toBeTruthy();
  await user.click(dialog.getByRole("button", { name: "Move it" }));
  expect((await dialog.findByRole("alert")).textContent).toContain("its gate said no");
  await user.type(dialog.getByLabelText(/^Do it all the same/), "The old one is broken.");
  await user.click(dialog.getByRole("button", { name: "Force it" }));
  expect(bodies).toEqual([
    { number: 3, force: null },
    { number: 3, force: "The old one is broken." },
  ]);
});

test("verified files are said to be what was registered; a changed one is told", async () => {
  const path = "/api/v1/models/scorer/versions/3/verify";
  page({ [path]: { version: MV, digest: VERSION.digest, files: 1, size: 5 } });
  await userEvent.click(await screen.findByRole("button", { name: "Verify the files" }));
  expect(await screen.findByText("The seal is ours, and all 1 files are what was registered.")).toBeTruthy();
});

test("a file that changed is an error with its name", async () => {
  page({ "/api/v1/models/scorer/versions/3/verify": problem(409, "tampered", "scorer/3: MLmodel is not what was registered") });
  await userEvent.click(await screen.findByRole("button", { name: "Verify the files" }));
  expect((await screen.findByRole("alert")).textContent).toContain("MLmodel is not what was registered");
});

test("a version without a seal says that nothing loads it", async () => {
  page({ [`/api/v1/model-versions/${MV}`]: { version: VERSION, gates: [], links: [], seal: null } });
  expect(await screen.findByText(/It has no seal, so nothing loads it/)).toBeTruthy();
});

test("a card is shown as text, its header apart; nothing in it becomes HTML or a script", async () => {
  page();
  const card = within(await screen.findByRole("region", { name: "Card" }));
  expect(await card.findByText("<script>alert(1)</script> [x](javascript:alert(1))")).toBeTruthy();
  expect(card.queryByRole("link", { name: "x" })).toBeNull();
  expect(card.queryByText(/pomona:data/)).toBeNull();
  expect(card.getByText("known limits missing")).toBeTruthy();
  expect(card.getByRole("cell", { name: "9" })).toBeTruthy();
});

test("a card is saved by name, on the revision it began with", async () => {
  const bodies: unknown[] = [];
  page({
    "PUT /api/v1/models/scorer/versions/3/card": async (request: Request) => {
      bodies.push(await request.json(), request.headers.get("X-Pomona-Actor"));
      return { ...CARD, revision: 1 };
    },
  });
  const user = userEvent.setup();
  const card = within(await screen.findByRole("region", { name: "Card" }));
  await user.click(await card.findByRole("button", { name: "Edit" }));
  await user.type(card.getByRole("textbox", { name: "Card" }), "More.");
  await user.type(card.getByLabelText("Your name"), "ann");
  await user.click(card.getByRole("button", { name: "Save the card" }));
  expect(bodies).toEqual([{ text: `${CARD.text}More.`, comment: "", based_on: 0 }, "ann"]);
});

test("an approval is said by name; a refusal stays in the dialog", async () => {
  const names: (string | null)[] = [];
  page({
    "POST /api/v1/models/scorer/versions/3/approvals": (request: Request) => {
      names.push(request.headers.get("X-Pomona-Actor"));
      return names.length === 1 ? problem(409, "refused", "ada made this version") : STANDING;
    },
  });
  localStorage.setItem("pomona.name", JSON.stringify("ada"));
  const user = userEvent.setup();
  expect(await screen.findByText("1 approval of another person missing.")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Approve it" }));
  const dialog = within(await screen.findByRole("dialog"));
  await user.click(dialog.getByRole("button", { name: "Approve it" }));
  expect((await dialog.findByRole("alert")).textContent).toContain("ada made this version");
  await user.clear(dialog.getByLabelText(/^Your name/));
  await user.type(dialog.getByLabelText(/^Your name/), "Zoë");
  await user.click(dialog.getByRole("button", { name: "Approve it" }));
  expect(names).toEqual(["ada", "ZoÃ«"]); // UTF-8 in the bytes of a header
});
