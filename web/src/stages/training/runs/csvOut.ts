/** Rows as a CSV file, made here and saved by the browser. */
import type { Run } from "./columns";

type Common = (rows: Run[], of: (run: Run) => Record<string, unknown>) => string[];

/** One line a run: what every run has, then `metrics.*`, `params.*` and `tags.*`, as MLflow's frames call them. */
export function csvOf(rows: Run[], common: Common): string {
  const parts = (["metrics", "params", "tags"] as const).flatMap((entity) => common(rows, (run) => run[entity]).map((key) => [entity, key] as const));
  const head = ["run_id", "run_name", "experiment_id", "status", "start_time", "end_time", "user_id", ...parts.map(([entity, key]) => `${entity}.${key}`)];
  const lines = rows.map((run) => [run.id, run.name, run.experiment, run.status, run.started_at, run.ended_at, run.user, ...parts.map(([entity, key]) => run[entity][key])]);
  return [head, ...lines].map((line) => line.map(field).join(",")).join("\r\n") + "\r\n";
}

function field(value: unknown): string {
  const text = value === null || value === undefined ? "" : String(value);
  // A spreadsheet would take a text that begins so for a formula and run it.
  const harmless = typeof value === "string" && /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

export function save(name: string, text: string, kind = "text/csv"): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: kind }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}
