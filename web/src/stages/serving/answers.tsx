/** A prediction in words. */
import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { Money, None } from "~/ui/small";

import { useEndpoints } from "../releases/endpoints";

type Prediction = Schema<"Prediction">;

/** What was answered, short enough for a cell. */
export function answerText(output: unknown): string {
  if (typeof output === "number") return number(output, 3);
  return typeof output === "string" ? output : JSON.stringify(output);
}

/** "yes", "no", or undefined without a threshold. */
export function decisionOf({ decision }: Pick<Prediction, "decision">): string | undefined {
  return decision === null ? undefined : decision ? "yes" : "no";
}

/** Event time to the minute, in UTC, the same for every reader. */
export function instant(at: string): string {
  return new Date(at).toISOString().slice(0, 16).replace("T", " ");
}

/** What a prediction earned, in the currency of its endpoint. */
export function Earned({ row }: { row: Prediction }) {
  const { endpoints } = useEndpoints();
  if (row.value === null) return <None why="not counted" />;
  const currency = endpoints.find((one) => one.name === row.endpoint)?.payoffs?.currency ?? "EUR";
  return <Money amount={row.value} currency={currency} signed />;
}
