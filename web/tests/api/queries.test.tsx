import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";

import { api } from "~/api/client";
import { problemOf } from "~/api/problem";
import { useGet, usePages, useSend } from "~/api/queries";
import { ErrorNotice } from "~/ui/notices";

import { answer, problem, show } from "../render";

test("a refusal is shown with its detail and its hint", async () => {
  answer({ "/api/v1/hypotheses/plum": problem(404, "not_found", "no hypothesis 'plum'", "pomona hypothesis list") });
  function One() {
    const { error } = useGet("/api/v1/hypotheses/{ref}", { path: { ref: "plum" } });
    return error && <ErrorNotice error={error} />;
  }
  show(<One />);
  expect((await screen.findByRole("alert")).textContent).toBe("no hypothesis 'plum'pomona hypothesis list");
});

test("a server that does not answer is named as such", () => {
  expect(problemOf(new TypeError("Failed to fetch")).code).toBe("unreachable");
});

test("pages follow the cursor until there is none", async () => {
  const seen = answer({
    "/api/v1/hypotheses": (request: Request) =>
      new URL(request.url).searchParams.get("cursor") === "2"
        ? { items: [{ id: "b", name: "second" }], next_cursor: null }
        : { items: [{ id: "a", name: "first" }], next_cursor: "2" },
  });
  function All() {
    const pages = usePages("/api/v1/hypotheses", { query: { limit: 1 } });
    return (
      <button onClick={pages.loadMore}>{`${pages.rows.map((row) => row.name).join(" ")} ${pages.hasMore ? "more" : "end"}`}</button>
    );
  }
  show(<All />);
  await userEvent.click(await screen.findByText("first more"));
  await screen.findByText("first second end");
  expect(seen.map((request) => new URL(request.url).search)).toEqual(["?limit=1", "?limit=1&cursor=2"]);
});

test("a change carries a key against doubles, then what is on the screen is fetched again", async () => {
  let verdicts = 0;
  const seen = answer({
    "GET /api/v1/hypotheses/late/decisions": () => Array.from({ length: verdicts }, () => ({ verdict: "go" })),
    "POST /api/v1/hypotheses/late/decisions": () => {
      verdicts += 1;
      return { verdict: "go" };
    },
  });
  const path = { ref: "late" };
  function Decide() {
    const { data } = useGet("/api/v1/hypotheses/{ref}/decisions", { path });
    const decide = useSend((reason: string) =>
      api.POST("/api/v1/hypotheses/{ref}/decisions", { params: { path }, body: { verdict: "go", reason } }),
    );
    return <button onClick={() => decide.mutate("it earns")}>{`${data?.length ?? "?"} decisions`}</button>;
  }
  show(<Decide />);
  await userEvent.click(await screen.findByText("0 decisions"));
  await waitFor(() => expect(screen.getByText("1 decisions")).toBeTruthy());
  const posted = seen.find((request) => request.method === "POST");
  expect(posted?.headers.get("idempotency-key")).toMatch(/^[0-9a-f]{32}$/);
});
