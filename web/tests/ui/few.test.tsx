import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";

import { Few } from "~/ui/Few";

import { show } from "../render";

const names = (count: number) => Array.from({ length: count }, (_, place) => `Column_${place}`);

function list(count: number) {
  show(
    <Few items={names(count)} nameOf={(name) => name} what="column" most={10}>
      {(shown) => (
        <ul>
          {shown.map((name) => (
            <li key={name}>{name}</li>
          ))}
        </ul>
      )}
    </Few>,
  );
}

test("a few are shown as they are", async () => {
  list(10);
  expect(await screen.findAllByRole("listitem")).toHaveLength(10);
  expect(screen.queryByRole("textbox")).toBeNull();
});

test("of very many the first are shown, more when asked for, each is found by its name", async () => {
  const user = userEvent.setup();
  list(25);
  expect(await screen.findAllByRole("listitem")).toHaveLength(10);
  await user.click(screen.getByRole("button", { name: "Show 10 more" }));
  await user.click(screen.getByRole("button", { name: "Show 5 more" }));
  expect(screen.getAllByRole("listitem")).toHaveLength(25);
  await user.type(screen.getByRole("textbox", { name: "Find a column" }), "column_24");
  expect(screen.getAllByRole("listitem").map((one) => one.textContent)).toEqual(["Column_24"]);
  await user.type(screen.getByRole("textbox", { name: "Find a column" }), "x");
  expect(screen.getByRole("status").textContent).toBe("No column is called so.");
});
