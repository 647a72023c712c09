import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";

import type { Pages } from "~/api/queries";
import { useUrlState } from "~/ui/state";
import { Table, type Column } from "~/ui/Table";

import { show } from "../render";

interface Fruit {
  name: string;
  grams: number | null;
}

const FRUITS: Fruit[] = [
  { name: "quince", grams: 250 },
  { name: "medlar", grams: null },
  { name: "pear", grams: 180 },
];

const COLUMNS: Column<Fruit>[] = [
  { id: "name", title: "Name", cell: (fruit) => fruit.name, by: (fruit) => fruit.name },
  { id: "grams", title: "Weight", cell: (fruit) => fruit.grams ?? "–", by: (fruit) => fruit.grams, align: "right" },
  { id: "origin", title: "Origin", cell: () => "orchard", hidden: true },
];

function Fruits({ rows = FRUITS }: { rows?: Fruit[] }) {
  const [view, setView] = useUrlState({ sort: "name" });
  return (
    <Table
      id="fruits"
      label="Fruits"
      columns={COLUMNS}
      rows={rows}
      rowId={(fruit) => fruit.name}
      href={(fruit) => `/fruits/${fruit.name}`}
      sort={view.sort}
      onSort={(sort) => setView({ sort })}
      empty="no fruit"
    />
  );
}

const names = () =>
  within(screen.getByRole("table"))
    .getAllByRole("link")
    .map((link) => link.textContent);

test("sorting is kept in the URL; what is missing comes last in both orders", async () => {
  const { url } = show(<Fruits />);
  expect(names()).toEqual(["medlar", "pear", "quince"]);
  await userEvent.click(screen.getByRole("button", { name: "Weight" }));
  expect(url()).toBe("/?sort=-grams");
  expect(names()).toEqual(["quince", "pear", "medlar"]);
  await userEvent.click(screen.getByRole("button", { name: "Weight" }));
  expect(names()).toEqual(["pear", "quince", "medlar"]);
  expect(screen.getByRole("columnheader", { name: "Weight" }).getAttribute("aria-sort")).toBe("ascending");
});

test("a shared address opens the table as it was", () => {
  show(<Fruits />, "/?sort=-name");
  expect(names()).toEqual(["quince", "pear", "medlar"]);
});

test("the first cell is the link, and the whole row follows the mouse", async () => {
  const { url } = show(<Fruits />);
  await userEvent.click(screen.getByText("250"));
  expect(url()).toBe("/fruits/quince");
});

test("a column that the reader chose is there the next time", async () => {
  const first = show(<Fruits />);
  expect(screen.queryByRole("columnheader", { name: "Origin" })).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Choose columns" }));
  await userEvent.click(await screen.findByText("Origin"));
  first.unmount();
  show(<Fruits />);
  expect(screen.getByRole("columnheader", { name: "Origin" })).toBeTruthy();
});

test("of ten thousand rows only those on the screen are drawn", () => {
  show(<Fruits rows={Array.from({ length: 10_000 }, (_, place) => ({ name: `fruit ${place}`, grams: place }))} />);
  expect(screen.getByRole("table").getAttribute("aria-rowcount")).toBe("10001");
  const drawn = screen.getAllByRole("row").length;
  expect(drawn).toBeGreaterThan(10);
  expect(drawn).toBeLessThan(60);
});

test("the next page is asked for when the end comes near", () => {
  const loadMore = vi.fn();
  const pages: Pages<Fruit> = { rows: FRUITS, error: null, isPending: false, hasMore: true, isLoadingMore: false, loadMore };
  show(<Table id="paged" label="Fruits" columns={COLUMNS} pages={pages} rowId={(fruit) => fruit.name} empty="none" />);
  expect(loadMore).toHaveBeenCalled();
  expect(screen.getByText("3 shown, more below")).toBeTruthy();
});

test("an empty list shows what fills it", () => {
  show(<Fruits rows={[]} />);
  expect(screen.getByText("no fruit")).toBeTruthy();
});
