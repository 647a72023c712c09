/** Where the cards of a trace stand: a column per stage in the order of the circle, and the lines between them. */
import type { Schema } from "~/api/types";
import { kindOf } from "~/ui/links";

export type Node = Schema<"TraceNode">;
export type Edge = Schema<"TraceEdge">;
type Trace = Pick<Schema<"Trace">, "root" | "nodes" | "edges">;

export const CARD = { width: 176, gapX: 55, gapY: 18, head: 66, line: 19, facts: 3 };
const TOP = 40;

export type ColumnKey = "monitoring" | "loop" | "business" | "data" | "training" | "registry" | "serving";

export const COLUMNS: { key: ColumnKey; title: string }[] = [
  { key: "monitoring", title: "What was noticed" },
  { key: "loop", title: "What it caused" },
  { key: "business", title: "The idea" },
  { key: "data", title: "The data" },
  { key: "training", title: "The training" },
  { key: "registry", title: "Model and release" },
  { key: "serving", title: "Answer and money" },
];

export interface Placed {
  node: Node;
  column: ColumnKey;
  x: number;
  y: number;
  height: number;
}

export interface Line {
  edge: Edge;
  path: string;
  /** Where the words stand; none inside a column, where there is no room for them. */
  x: number | null;
  y: number;
}

export interface Layout {
  cards: Placed[];
  lines: Line[];
  columns: { title: string; x: number }[];
  width: number;
  height: number;
}

const FOREIGN: Record<string, { kind: string; stage: Node["stage"]; title: string }> = {
  win: { kind: "window", stage: "monitoring", title: "window" },
  gat: { kind: "gate", stage: "registry", title: "what the gate said" },
  git: { kind: "commit", stage: "training", title: "git commit" },
};

/** A node under the name a person would give it; what the ledger only knows by id gets its kind from there. */
export function named(node: Node): Node {
  if (node.kind === "content") return { ...node, kind: "file, by digest" };
  if (node.kind !== "document") return node;
  const known = FOREIGN[/^([a-z]+)[_:]/.exec(node.id)?.[1] ?? ""];
  if (!known) return node;
  return { ...node, ...known, title: `${known.title} ${node.id.replace(/^[a-z]+[_:]/, "").slice(known.kind === "commit" ? 0 : -6).slice(0, 10)}` };
}

export function columnOf(node: Node): ColumnKey {
  return node.stage === "releases" ? "registry" : node.stage;
}

/** Only what a person asks for first: the record's own line, without the side stories that led there. */
export function ownLine(trace: Trace): Trace {
  const side = (node: Node) => ["monitoring", "loop"].includes(node.stage) || ["document", "content", "gate"].includes(node.kind);
  const allowed = new Map(trace.nodes.filter((node) => node.id === trace.root || !side(named(node))).map((node) => [node.id, node]));
  const kept = new Set([trace.root]);
  let edge = [trace.root];
  // Up to four steps away: a prediction's version, its run, that run's data and entry, their hypothesis.
  for (let step = 0; step < 4; step++) {
    edge = trace.edges
      .flatMap(({ source, target, relation }) => (relation === "evidence" ? (source.startsWith("apr_") && edge.includes(target) ? [source] : []) : edge.includes(source) ? [target] : edge.includes(target) && relation === "produced" ? [source] : []))
      .filter((id) => allowed.has(id) && !kept.has(id));
    edge.forEach((id) => kept.add(id));
  }
  return restricted(trace, kept);
}

function restricted(trace: Trace, kept: Set<string>): Trace {
  return {
    root: trace.root,
    nodes: trace.nodes.filter((node) => kept.has(node.id)),
    edges: trace.edges.filter((one) => kept.has(one.source) && kept.has(one.target)),
  };
}

export function heightOf(node: Node): number {
  return CARD.head + Math.min(CARD.facts, node.facts.length) * CARD.line;
}

/** Columns from left to right, cards near what they are joined to, lines as curves between them. */
export function layOut(trace: Trace): Layout {
  const nodes = trace.nodes.map(named);
  const columns = COLUMNS.map(({ key, title }) => ({ key, title, nodes: nodes.filter((node) => columnOf(node) === key) })).filter((column) => column.nodes.length > 0);
  const near = neighbours(trace.edges);
  const tallest = Math.max(...columns.map((column) => stackHeight(column.nodes)), 0);
  const centre = new Map<string, number>();
  for (let sweep = 0; sweep < 3; sweep++) {
    for (const column of columns) {
      const wanted = (node: Node) => mean((near.get(node.id) ?? []).flatMap((id) => centre.get(id) ?? [])) ?? tallest / 2;
      column.nodes = sweep === 0 && centre.size === 0 ? column.nodes : [...column.nodes].sort((a, b) => wanted(a) - wanted(b));
      let y = (tallest - stackHeight(column.nodes)) / 2;
      for (const node of column.nodes) {
        centre.set(node.id, y + heightOf(node) / 2);
        y += heightOf(node) + CARD.gapY;
      }
    }
  }
  const cards = columns.flatMap((column, place) =>
    column.nodes.map((node): Placed => ({ node, column: column.key, x: place * (CARD.width + CARD.gapX), y: TOP + centre.get(node.id)! - heightOf(node) / 2, height: heightOf(node) })),
  );
  return {
    cards,
    lines: linesOf(cards, trace.edges),
    columns: columns.map((column, place) => ({ title: column.title, x: place * (CARD.width + CARD.gapX) })),
    width: Math.max(CARD.width, columns.length * (CARD.width + CARD.gapX) - CARD.gapX),
    height: TOP + tallest + 12,
  };
}

function stackHeight(nodes: Node[]): number {
  return nodes.reduce((sum, node) => sum + heightOf(node) + CARD.gapY, -CARD.gapY);
}

function neighbours(edges: Edge[]): Map<string, string[]> {
  const near = new Map<string, string[]>();
  for (const { source, target } of edges) {
    near.set(source, [...(near.get(source) ?? []), target]);
    near.set(target, [...(near.get(target) ?? []), source]);
  }
  return near;
}

function mean(values: number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function linesOf(cards: Placed[], edges: Edge[]): Line[] {
  const at = new Map(cards.map((card) => [card.node.id, card]));
  return edges.flatMap((edge): Line[] => {
    const [one, other] = [at.get(edge.source), at.get(edge.target)];
    if (!one || !other || one === other) return [];
    const [left, right] = one.x <= other.x ? [one, other] : [other, one];
    const [y1, y2] = [left.y + left.height / 2, right.y + right.height / 2];
    const x1 = left.x + CARD.width;
    if (left.x === right.x) {
      const bulge = x1 + 26;
      return [{ edge, path: `M${x1} ${y1}C${bulge} ${y1} ${bulge} ${y2} ${x1} ${y2}`, x: null, y: (y1 + y2) / 2 }];
    }
    const x2 = right.x;
    const bend = Math.max(40, (x2 - x1) / 2);
    return [{ edge, path: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`, x: (x1 + x2) / 2, y: (y1 + y2) / 2 }];
  });
}

/** "led_to" -> "led to". */
export function relationText(relation: string): string {
  return relation === "evidence" ? "rests on" : relation.replaceAll("_", " ");
}

/** The page behind a node, if it has one. */
export function hasPage(id: string): boolean {
  return kindOf(id) !== undefined;
}
