/** Imports in words and numbers. */
import type { Schema } from "~/api/types";
import type { Recipe } from "~/ui/notices";

export const RECIPE: Recipe = {
  cli: `pomona import mlflow --from sqlite:///mlflow.db --dry-run\npomona import mlflow --from sqlite:///mlflow.db`,
  sdk: `pom.imports.preview("sqlite:///mlflow.db")\nreport = pom.imports.mlflow("sqlite:///mlflow.db")`,
};

/** What came of the experiments together. */
export function totals(report: Schema<"ImportReport">) {
  const sum = (of: (one: Schema<"ExperimentTaken">) => number) => report.experiments.reduce((all, one) => all + of(one), 0);
  return { fresh: sum((one) => one.new), changed: sum((one) => one.changed), points: sum((one) => one.points), models: sum((one) => one.models), traces: sum((one) => one.traces), files: sum((one) => one.files), bytes: sum((one) => one.bytes) };
}

/** The command that does what the form would do. */
export function commandOf(asked: { origin: string; credentials: string; artifacts: string; trust: string; files: "copy" | "leave"; experiments: string[] }): string {
  const quoted = (text: string) => (/^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
  return [
    `pomona import mlflow --from ${quoted(asked.origin || "sqlite:///mlflow.db")}`,
    asked.credentials && `--credentials ${quoted(asked.credentials)}`,
    asked.artifacts && `--artifacts ${quoted(asked.artifacts)}`,
    asked.files === "leave" && "--no-artifacts",
    asked.trust && `--trust ${quoted(asked.trust)}`,
    ...asked.experiments.map((name) => `-e ${quoted(name)}`),
  ]
    .filter(Boolean)
    .join(" ");
}

/** The names that an address lists; null when it lists none, or was cut. */
export function chosenFrom(text: string): Set<string> | null {
  try {
    const found: unknown = JSON.parse(text);
    return Array.isArray(found) ? new Set(found.map(String)) : null;
  } catch {
    return null;
  }
}
