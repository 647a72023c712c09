/** How an endpoint is asked, as lines to copy. */
import type { Schema } from "~/api/types";

type Row = Record<string, unknown>;

const EXAMPLES: Record<string, unknown> = { string: "...", boolean: true, double: 0.5, float: 0.5, long: 1, integer: 1, datetime: "2026-01-01T00:00:00Z" };

/** A row that a model with these columns takes. */
export function exampleOf(columns: Schema<"ModelColumn">[]): Row {
  return Object.fromEntries(columns.map((column) => [column.name, EXAMPLES[column.type] ?? 1]));
}

function python(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return JSON.stringify(value);
}

/** The same question from a terminal and from Python. */
export function linesOf(endpoint: string, url: string, row: Row): { cli: string; sdk: string } {
  const body = JSON.stringify({ rows: [row] }).replaceAll("'", "'\\''");
  const cells = Object.entries(row).map(([name, value]) => `${JSON.stringify(name)}: ${python(value)}`);
  return {
    cli: `curl ${url}/predict/${endpoint} \\\n  -H "Authorization: Bearer $POMONA_TOKEN" \\\n  -H "Content-Type: application/json" \\\n  -d '${body}'`,
    sdk: `import pomona\n\npom = pomona.connect()\nrow = {${cells.join(", ")}}\n[answer] = pom.predict("${endpoint}", [row])\npom.outcomes.record_one(answer.prediction_id, True)  # once it is known`,
  };
}
