/** Which metrics of a model's versions are worth a column, and in which order. */
import type { Schema } from "~/api/types";

import { PREFIXES } from "../business/Target";

type Version = Schema<"ModelVersion">;

/** The metric the gates ask for, as these versions logged it; undefined when none did. */
export function gatedMetric(gates: Schema<"GateResult">[], versions: Version[]): string | undefined {
  const asked = gates[0]?.metric;
  if (asked === undefined) return undefined;
  return PREFIXES.map((prefix) => `${prefix}${asked}`).find((name) => versions.some((version) => version.metrics[name] !== undefined));
}

/** All metrics, that of the gates first, then by how many versions have them. */
export function metricsOf(versions: Version[], first: string | undefined): string[] {
  const counts = new Map<string, number>();
  for (const version of versions) for (const name of Object.keys(version.metrics)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const names = [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([name]) => name);
  return first === undefined ? names : [first, ...names.filter((name) => name !== first)];
}
