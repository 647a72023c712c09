/** Which data an entry means, in words. */
import type { Schema } from "~/api/types";
import { date } from "~/ui/format";

export function selectorInWords({ ref, columns, since, until, last_days }: Schema<"DataSelector">): string {
  const dataset = /@|^ver_/.test(ref) ? ref : `the newest version of ${ref} that is not quarantined`;
  const part = [
    columns ? `${columns.length} columns` : "",
    last_days !== null ? `the last ${last_days} days` : "",
    since ? `from ${date(since)}` : "",
    until ? `until ${date(until)}` : "",
  ].filter(Boolean);
  return part.length > 0 ? `${dataset}: ${part.join(", ")}` : dataset;
}

/** What a person typed for a parameter: JSON where it reads as such, else text. */
export function valueOf(typed: string): unknown {
  try {
    return JSON.parse(typed);
  } catch {
    return typed;
  }
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
