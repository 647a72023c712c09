import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";

import ErasuresPage from "~/stages/data/keeping/ErasuresPage";
import { Kept } from "~/stages/data/keeping/Kept";
import { Storage } from "~/stages/data/keeping/Storage";

import { answer, show } from "../render";

const NOW = new Date().toISOString();
const DATASET = {
  id: "dat_01jd3r5v7x9z0a1b2c3d4e5f6g", name: "people", key: ["id"], time_column: null, purposes: [], description: "", hypothesis: null, checks: [],
  consent_column: null, subject_columns: [], upkeep: { automatic: true, hidden: 0.15, small_files: 32 }, created_at: NOW, created_by: "ada",
};
const VERSION = {
  id: "ver_01jd3r5v7x9z0a1b2c3d4e5f6g", dataset: "people", dataset_id: DATASET.id, number: 2, digest: "b".repeat(64), parent: null, mode: "full" as const,
  schema: [], rows: 5, rows_added: 3, rows_removed: 1, rows_changed: 0, files: [], size: 100, since: null, until: null, quality: "green" as const, arrow: "", profile: "",
  log: 0, note: "", as_of: NOW, origin: null, rows_erased: 0, created_at: NOW, created_by: "ada", dropped_at: null, dropped_by: "", replaced: "",
};

test("an erasure shows what it touches and wants the subject typed once more", async () => {
  const plan = {
    datasets: ["people"], versions: [{ id: VERSION.id, ref: "people@v2", rows: 3 }], rows: 3, files: 1,
    places: [{ what: "predictions", count: 2 }], models: ["mv_01jd3r5v7x9z0a1b2c3d4e5f6g"], marts: [],
  };
  const job = { id: "job_1", state: "done", progress: 1, note: "", result: { erasure: "ers_1", rows: 3, left: 0 }, error: null };
  const seen = answer({ "/api/v1/erasures": [], "POST /api/v1/erasures/plan": plan, "POST /api/v1/erasures": job, "/api/v1/jobs/job_1": job });
  show([{ path: "/data/erasures", element: <ErasuresPage /> }], "/data/erasures");
  const user = userEvent.setup();
  await user.type(await screen.findByLabelText(/Column/), "email");
  await user.type(screen.getByLabelText(/Value/), "a@b.org");
  await user.click(screen.getByRole("button", { name: "Show what it touches" }));
  expect(await screen.findByText("3 different rows in 1 files; 2 in predictions.")).toBeTruthy();
  expect(screen.getByText("Models learned from these rows; they are not changed")).toBeTruthy();
  const erase = screen.getByRole("button", { name: "Erase for good" }) as HTMLButtonElement;
  expect(erase.disabled).toBe(true);
  await user.type(screen.getByLabelText(/Reason/), "asked for it");
  await user.type(screen.getByLabelText(/Type the subject/), "email=a@b.org");
  expect(erase.disabled).toBe(false);
  await user.click(erase);
  expect(await screen.findByText("3 rows are gone from every version; nothing else in the store holds the value.")).toBeTruthy();
  const sent = seen.filter((request) => request.method === "POST").at(-1)!;
  expect(await sent.json()).toEqual({ column: "email", value: "a@b.org", reason: "asked for it", confirm: "email=a@b.org" });
});

test("old versions are shown before they are dropped", async () => {
  const doomed = { id: VERSION.id, dataset: "people", number: 1, digest: "c".repeat(64), rows: 9, created_at: NOW };
  const found = { done: false, versions: [doomed], held: [], files: 2, size: 2048, orphans: 0, young: 1 };
  const seen = answer({ "POST /api/v1/data-collections": found });
  show([{ path: "/", element: <Storage dataset={DATASET} versions={[VERSION]} /> }], "/");
  const user = userEvent.setup();
  await user.click(await screen.findByRole("button", { name: "Drop old versions" }));
  const dialog = within(await screen.findByRole("dialog"));
  expect(dialog.queryByRole("button", { name: /^Drop 1/ })).toBeNull();
  await user.click(dialog.getByRole("button", { name: "Show what would go" }));
  expect(await dialog.findByText(/1 version would be dropped; 2 files/)).toBeTruthy();
  await user.click(dialog.getByRole("button", { name: "Drop 1 version" }));
  const acts = await Promise.all(seen.filter((request) => request.method === "POST").map(async (request) => ((await request.clone().json()) as { act: string }).act));
  expect(acts).toEqual(["look", "drop"]);
});

test("what keeps a version is told with its reason", async () => {
  const pins = [{ kind: "tag", id: "", version: VERSION.id, reason: "tagged golden", by: "ada", at: NOW }];
  answer({ [`/api/v1/data-versions/${VERSION.id}/pins`]: pins });
  show([{ path: "/", element: <Kept version={VERSION} /> }], "/");
  expect(await screen.findByText("tagged golden")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Unpin" })).toBeNull();
});
