import { screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { blocksOf, Markdown } from "~/ui/Markdown";

import { show } from "../render";

test("headings, lists, tables, quotes and code become elements", () => {
  const text = "# Idea\n\nA *soft* and **hard** `x<y`.\n\n- one\n  more\n- two\n\n1. first\n\n> said\n> so\n\n```py\na < b\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n---\nend";
  expect(blocksOf(text).map((block) => block.kind)).toEqual(["heading", "text", "list", "list", "quote", "code", "table", "rule", "text"]);
  show(<Markdown text={text} />);
  expect(screen.getByRole("heading", { name: "Idea" }).tagName).toBe("H3");
  expect(screen.getAllByRole("listitem").map((item) => item.textContent)).toEqual(["one more", "two", "first"]);
  expect(screen.getByRole("columnheader", { name: "a" })).toBeTruthy();
  expect(screen.getByText("hard").tagName).toBe("STRONG");
});

test("nothing is taken for HTML, and no link runs anything", () => {
  const { container } = show(<Markdown text={'<img src=x onerror="alert(1)"> [a](javascript:alert(1)) [b](data:text/html,x) [c](//evil.example) <script>alert(1)</script>'} />);
  expect(container.querySelector("img, script, a")).toBeNull();
  expect(container.textContent).toContain("[a](javascript:alert(1))");
});

test("links lead to the web in a window of their own, or to our pages", () => {
  show(<Markdown text={"[doc](https://example.org/a) and https://example.org/b, [run](/training/runs/1)"} />);
  const away = screen.getByRole("link", { name: "doc" });
  expect([away.getAttribute("href"), away.getAttribute("rel")]).toEqual(["https://example.org/a", "noopener noreferrer"]);
  expect(screen.getByRole("link", { name: "run" }).getAttribute("href")).toBe("/training/runs/1");
});

test("any text ends in blocks, however odd", () => {
  for (const odd of ["```", "|", "|a|\n|-|", "#", "####### x", "- ", "*", "**", "[]()", ">", "\n\n", "1.", "| a", "   x"]) expect(blocksOf(odd)).toBeInstanceOf(Array);
});

test("a character behind a backslash, or named as an entity, stands for itself", () => {
  show(<Markdown text={"| a | b |\n|---|---|\n| x\\|y | 1 \\* 2 \\* 3 &lt;b&gt; |"} />);
  expect(screen.getByRole("cell", { name: "x|y" })).toBeTruthy();
  expect(screen.getByRole("cell", { name: "1 * 2 * 3 <b>" })).toBeTruthy();
});
