import { screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { useUrlState } from "~/ui/state";

import { show } from "../render";

let setView: (changes: { filter?: string; sort?: string }) => void;

function View() {
  const [view, set] = useUrlState({ filter: "", sort: "" });
  setView = set;
  return <p>{`filter ${view.filter}, sort ${view.sort}`}</p>;
}

test("a change that comes before the last one is drawn does not undo it", async () => {
  show(<View />, "/?filter=old");
  const before = setView; // as a click handler holds it until the next drawing
  before({ filter: "" });
  await Promise.resolve();
  before({ sort: "-name" });
  await screen.findByText("filter , sort -name");
  expect(screen.queryByText(/old/)).toBeNull();
});
