/** How readings are told. */
import type { Schema } from "~/api/types";
import { number } from "~/ui/format";

type Window = Schema<"Window">;

export const STATE_COLORS: Record<Window["state"], string> = {
  ok: "var(--mantine-color-leaf-5)",
  warn: "var(--mantine-color-quince-5)",
  alarm: "var(--mantine-color-pomegranate-5)",
  thin: "var(--mantine-color-dimmed)",
};

export const STATE_WORDS: Record<Window["state"], string> = { ok: "ok", warn: "warns", alarm: "alarms", thin: "too few rows" };

/** "1 Mar to 8 Mar 2013", in UTC; the end of a window is not part of it. */
export function spanText({ start, end }: Pick<Window, "start" | "end">): string {
  const day: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", timeZone: "UTC" };
  const last = new Date(new Date(end).getTime() - 1);
  return `${new Date(start).toLocaleDateString("en-GB", day)} to ${last.toLocaleDateString("en-GB", { ...day, year: "numeric" })}`;
}

/** "7 days", "12 hours". */
export function lengthText(hours: number): string {
  return hours % 24 === 0 ? `${number(hours / 24)} ${hours === 24 ? "day" : "days"}` : `${number(hours)} hours`;
}

/** "value_per_prediction" -> "value per prediction". */
export function plain(name: string): string {
  return name === "(prediction)" ? "the prediction itself" : name.replaceAll("_", " ");
}
