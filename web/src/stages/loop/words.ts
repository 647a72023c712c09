/** Triggers and reactions in words. */
import type { Schema } from "~/api/types";
import { number } from "~/ui/format";

type Trigger = Schema<"Trigger">;
export type Kind = Trigger["kind"];

export const KINDS: Record<Kind, { label: string; means: string }> = {
  drift: { label: "Drift", means: "when inputs or answers no longer look like the training data" },
  quality: { label: "Quality", means: "when the answers are no longer good enough" },
  data_volume: { label: "New data", means: "when the data has grown by so much" },
  schedule: { label: "Schedule", means: "at fixed times" },
  request: { label: "Request", means: "only when a person asks" },
};

/** "when the data has grown by 100 %" */
export function firesWhen(trigger: Pick<Trigger, "kind" | "threshold" | "cron" | "clock">): string {
  const { kind, threshold, cron, clock } = trigger;
  if (kind === "data_volume") return `when the data has grown by ${number((threshold ?? 1) * 100)} %`;
  if (kind === "schedule") return `at ${cron ?? "?"}${clock === "event" ? ", on the predictions' own time" : ", UTC"}`;
  if (kind === "request") return KINDS.request.means;
  return threshold === null ? `when a ${kind} incident opens` : `when ${kind} reads ${number(threshold)} or more`;
}

/** "at most every 21 days, 4 times in 30 days" */
export function heldBackBy(trigger: Pick<Trigger, "cooldown_hours" | "budget" | "budget_days">): string {
  const parts = [];
  if (trigger.cooldown_hours > 0) parts.push(`at most every ${trigger.cooldown_hours % 24 === 0 ? `${number(trigger.cooldown_hours / 24)} days` : `${number(trigger.cooldown_hours)} hours`}`);
  if (trigger.budget !== null) parts.push(`${trigger.budget} times in ${number(trigger.budget_days)} days`);
  return parts.join(", ");
}

/** What a retraining came to, as a badge says it. */
export const OUTCOMES: Record<string, { label: string; tone: "good" | "new" | "warn" | "bad" }> = {
  champion: { label: "became champion", tone: "good" },
  canary: { label: "entered a canary", tone: "new" },
  refused: { label: "refused", tone: "warn" },
  failed: { label: "failed", tone: "bad" },
};
