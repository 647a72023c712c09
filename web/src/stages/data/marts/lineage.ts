/** Where the columns of inputs and result stand in the picture, and the curves between them. */
import type { Schema } from "~/api/types";

export type Lineage = Schema<"ColumnLineage">[];
export type Input = Schema<"MartInput">;

export const BOX = { width: 250, gap: 190, head: 34, row: 26, pad: 6, between: 18 };

export interface Cell {
  key: string;
  name: string;
  note: string;
  y: number;
  /** Read, but no value of the result comes from it: it chooses or orders rows. */
  rowsOnly: boolean;
}

export interface Box {
  title: string;
  version: string | null;
  x: number;
  y: number;
  height: number;
  cells: Cell[];
}

export interface Curve {
  from: string;
  to: string;
  path: string;
}

export interface Layout {
  boxes: Box[];
  curves: Curve[];
  width: number;
  height: number;
}

/** Inputs on the left, the result on the right, each in the middle of its side. */
export function layOut(lineage: Lineage, inputs: Input[], result: string): Layout {
  const used = new Set(lineage.flatMap((one) => one.sources.map((source) => `${source.ref} ${source.column}`)));
  const versions = [...new Map(inputs.map((input) => [input.ref, input])).values()];
  const left = versions.map((input) => boxOf(input.ref, input.version, columnsOf(inputs, input.ref).map((name) => ({ key: `${input.ref} ${name}`, name, note: "", y: 0, rowsOnly: !used.has(`${input.ref} ${name}`) }))));
  const right = boxOf(result, null, lineage.map((one) => ({ key: `> ${one.column}`, name: one.column, note: one.type, y: 0, rowsOnly: false })));
  const height = Math.max(stackHeight(left), right.height);
  let y = (height - stackHeight(left)) / 2;
  for (const box of left) {
    place(box, 0, y);
    y += box.height + BOX.between;
  }
  place(right, BOX.width + BOX.gap, (height - right.height) / 2);
  return { boxes: [...left, right], curves: curvesOf(lineage, [...left, right]), width: 2 * BOX.width + BOX.gap, height };
}

function columnsOf(inputs: Input[], ref: string): string[] {
  return [...new Set(inputs.filter((input) => input.ref === ref).flatMap((input) => input.columns))];
}

function boxOf(title: string, version: string | null, cells: Cell[]): Box {
  return { title, version, x: 0, y: 0, height: BOX.head + 2 * BOX.pad + cells.length * BOX.row, cells };
}

function place(box: Box, x: number, y: number): void {
  box.x = x;
  box.y = y;
  box.cells.forEach((cell, row) => {
    cell.y = y + BOX.head + BOX.pad + row * BOX.row + BOX.row / 2;
  });
}

function stackHeight(boxes: Box[]): number {
  return boxes.reduce((sum, box) => sum + box.height + BOX.between, -BOX.between);
}

function curvesOf(lineage: Lineage, boxes: Box[]): Curve[] {
  const at = new Map(boxes.flatMap((box) => box.cells.map((cell) => [cell.key, cell.y] as const)));
  const [x1, x2] = [BOX.width, BOX.width + BOX.gap];
  const bend = BOX.gap / 2;
  return lineage.flatMap((one) =>
    one.sources.flatMap((source): Curve[] => {
      const [from, to] = [`${source.ref} ${source.column}`, `> ${one.column}`];
      const [y1, y2] = [at.get(from), at.get(to)];
      if (y1 === undefined || y2 === undefined) return [];
      return [{ from, to, path: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` }];
    }),
  );
}

/** The same in words, for those who do not see the picture: "last_paid from payments@v1 amount". */
export function inWords(lineage: Lineage): string {
  return lineage
    .map((one) => `${one.column} from ${one.sources.length > 0 ? one.sources.map((source) => `${source.ref} ${source.column}`).join(" and ") : "no column"}`)
    .join("; ");
}
