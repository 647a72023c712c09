/** The form of a trigger: its fields as typed, and the request made of them. */
import type { components } from "~/api/schema";

import type { Kind } from "./words";

type Typed = number | string;

export const BLANK = {
  kind: "drift" as Kind,
  name: "",
  endpoint: null as string | null,
  threshold: "" as Typed,
  growth: 100 as Typed,
  cron: "",
  entry: null as string | null,
  label: "",
  holdout: 14 as Typed,
  share: 30 as Typed,
  cooldown: 7 as Typed,
  budget: "" as Typed,
};

export function requestOf(values: typeof BLANK): components["schemas"]["NewTrigger"] {
  const { kind } = values;
  const score = values.threshold === "" ? null : Number(values.threshold);
  return {
    name: values.name.trim(),
    endpoint: values.endpoint ?? "",
    kind,
    recipe: {
      entry: values.entry ?? "",
      label: values.label.trim(),
      holdout_days: Number(values.holdout),
      policy: { share: Number(values.share) / 100 },
    },
    threshold: kind === "data_volume" ? Number(values.growth) / 100 : kind === "drift" || kind === "quality" ? score : null,
    cron: kind === "schedule" ? values.cron.trim() : null,
    cooldown_hours: Number(values.cooldown || 0) * 24,
    budget: values.budget === "" ? null : Number(values.budget),
  };
}

const FIELDS: Record<string, string> = { cooldown_hours: "cooldown", "recipe.entry": "entry", "recipe.label": "label", "recipe.holdout_days": "holdout", "recipe.policy.share": "share" };

/** The server's complaints at the fields of this form. */
export function errorsOf(complaints: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(complaints).map(([field, text]) => [FIELDS[field] ?? field, text]));
}
