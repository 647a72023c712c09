/** Markdown as elements: nothing of a note is ever taken for HTML, and links lead only to the web or into these pages. */
import { Anchor, Code } from "@mantine/core";
import { Fragment, type ReactNode } from "react";
import { Link } from "react-router";

import classes from "./Markdown.module.css";

type Block =
  | { kind: "heading"; level: number; text: string }
  | { kind: "code"; text: string }
  | { kind: "list"; ordered: boolean; items: string[] }
  | { kind: "quote"; text: string }
  | { kind: "table"; rows: string[][] }
  | { kind: "rule" }
  | { kind: "text"; text: string };

export function Markdown({ text }: { text: string }) {
  return (
    <div className={classes.note}>
      {blocksOf(text).map((block, place) => (
        <Fragment key={place}>{drawn(block)}</Fragment>
      ))}
    </div>
  );
}

function drawn(block: Block): ReactNode {
  switch (block.kind) {
    case "heading": {
      const Heading = `h${Math.min(6, block.level + 2)}` as "h3"; // the page has its own first and second
      return <Heading>{inline(block.text)}</Heading>;
    }
    case "code":
      return (
        <pre tabIndex={0} role="region" aria-label="Code">
          {block.text}
        </pre>
      );
    case "list": {
      const List = block.ordered ? "ol" : "ul";
      return (
        <List>
          {block.items.map((item, place) => (
            <li key={place}>{inline(item)}</li>
          ))}
        </List>
      );
    }
    case "quote":
      return <blockquote>{inline(block.text)}</blockquote>;
    case "rule":
      return <hr />;
    case "table": {
      const [head = [], ...rows] = block.rows;
      return (
        <table>
          <thead>
            <tr>
              {head.map((cell, place) => (
                <th key={place}>{inline(cell)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, place) => (
              <tr key={place}>
                {head.map((_, column) => (
                  <td key={column}>{inline(row[column] ?? "")}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      );
    }
    case "text":
      return <p>{inline(block.text)}</p>;
  }
}

const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/;
const STARTS = /^(#{1,6}\s|```|>\s?|\s*(?:[-*+]|\d+[.)])\s+|\||(?:-{3,}|\*{3,})\s*$)/;

export function blocksOf(text: string): Block[] {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const blocks: Block[] = [];
  let at = 0;
  const while_ = (fits: (line: string) => boolean) => {
    const first = at;
    while (at < lines.length && fits(lines[at]!)) at++;
    return lines.slice(first, at);
  };
  while (at < lines.length) {
    const line = lines[at]!;
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    if (line.trim() === "") at++;
    else if (line.startsWith("```")) {
      at++;
      blocks.push({ kind: "code", text: while_((one) => !one.startsWith("```")).join("\n") });
      at++;
    } else if (heading) {
      at++;
      blocks.push({ kind: "heading", level: heading[1]!.length, text: heading[2]! });
    } else if (/^(?:-{3,}|\*{3,})\s*$/.test(line)) {
      at++;
      blocks.push({ kind: "rule" });
    } else if (ITEM.test(line)) {
      const found = while_((one) => ITEM.test(one) || /^\s{2,}\S/.test(one));
      const items: string[] = [];
      for (const one of found) {
        const item = ITEM.exec(one);
        if (item) items.push(item[2]!);
        else items.push(`${items.pop() ?? ""} ${one.trim()}`);
      }
      blocks.push({ kind: "list", ordered: ITEM.exec(line)![1] !== undefined, items });
    } else if (line.startsWith(">")) {
      blocks.push({ kind: "quote", text: while_((one) => one.startsWith(">")).map((one) => one.replace(/^>\s?/, "")).join(" ") });
    } else if (line.startsWith("|") && /^\|?[\s:|-]+\|?$/.test(lines[at + 1] ?? "")) {
      const rows = while_((one) => one.startsWith("|")).filter((_, place) => place !== 1);
      blocks.push({ kind: "table", rows: rows.map((one) => one.replace(/^\||\|\s*$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim())) });
    } else {
      const first = lines[at++]!;
      blocks.push({ kind: "text", text: [first, ...while_((one) => one.trim() !== "" && !STARTS.test(one))].join(" ") });
    }
  }
  return blocks;
}

/** A character that stands for itself, as `\\*` or `&lt;`. */
const ITSELF: Record<string, string> = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
const INLINE = /(`[^`]+`)|\*\*(.+?)\*\*|__(.+?)__|\*([^*\s][^*]*)\*|\[([^\]]+)\]\(([^)\s]+)\)|(https?:\/\/[^\s<>)]+)|(\\[\\`*_[\]|~<>#]|&(?:lt|gt|amp);)/g;

function inline(text: string): ReactNode[] {
  const found: ReactNode[] = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > at) found.push(text.slice(at, match.index));
    const [whole, code, bold, strong, italic, label, target, address, itself] = match;
    const key = match.index;
    if (itself) found.push(ITSELF[itself] ?? itself.slice(1));
    else if (code) found.push(<Code key={key}>{code.slice(1, -1)}</Code>);
    else if (bold ?? strong) found.push(<strong key={key}>{inline((bold ?? strong)!)}</strong>);
    else if (italic) found.push(<em key={key}>{inline(italic)}</em>);
    else found.push(<Away key={key} to={(target ?? address)!} label={label ?? address!} whole={whole} />);
    at = match.index + whole.length;
  }
  if (at < text.length) found.push(text.slice(at));
  return found;
}

/** A link, if it leads to the web or to a page of ours; anything else (javascript:, data:) stays text. */
function Away({ to, label, whole }: { to: string; label: string; whole: string }) {
  if (/^\/(?!\/)/.test(to)) {
    return (
      <Anchor component={Link} to={to} inherit>
        {label}
      </Anchor>
    );
  }
  if (!/^https?:\/\//i.test(to)) return <>{whole}</>;
  return (
    <Anchor href={to} target="_blank" rel="noopener noreferrer" inherit>
      {label}
    </Anchor>
  );
}
