/** Which lines of a waterfall are shown: what is folded away, what a search finds. */
import type { Schema } from "~/api/types";

export type Line = Schema<"SpanLine">;

/** The lines in sight. Lines stand in the tree's order; a folded one hides those that are deeper below it. */
export function visible(lines: Line[], folded: ReadonlySet<string>, wanted: string): Line[] {
  const word = wanted.trim().toLowerCase();
  if (word !== "") return found(lines, word);
  const shown: Line[] = [];
  let hiddenBelow = Infinity;
  for (const line of lines) {
    if (line.depth > hiddenBelow) continue;
    hiddenBelow = folded.has(line.span_id) ? line.depth : Infinity;
    shown.push(line);
  }
  return shown;
}

/** The lines whose name, kind or error holds the word, each with all that is above it. */
function found(lines: Line[], word: string): Line[] {
  const kept = new Set<Line>();
  const above: Line[] = [];
  for (const line of lines) {
    above.length = line.depth;
    above.push(line);
    if ([line.name, line.kind, line.error ?? "", line.model ?? ""].some((text) => text.toLowerCase().includes(word))) above.forEach((one) => kept.add(one));
  }
  return lines.filter((line) => kept.has(line));
}

/** Round marks of a time axis: 0, 200, 400 … milliseconds, at most six. */
export function ticks(length: number): number[] {
  if (!(length > 0)) return [0];
  const rough = length / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? rough;
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, place) => place * step);
}

/** Milliseconds as they are read best: "0.4 ms", "120 ms", "2.5 s". */
export function span(ms: number): string {
  if (ms < 1) return ms === 0 ? "0 ms" : `${Number(ms.toPrecision(2))} ms`;
  if (ms < 1_000) return `${ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 60) return `${Number(seconds.toFixed(seconds < 10 ? 2 : 1))} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
