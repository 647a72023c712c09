/** Fired or held back; and what the retraining came to. */
import type { Schema } from "~/api/types";
import { None, StateBadge } from "~/ui/small";

import { OUTCOMES } from "./words";

type Reaction = Pick<Schema<"Reaction">, "fired" | "outcome" | "job">;

export function Decided({ reaction }: { reaction: Reaction }) {
  return <StateBadge state={reaction.fired ? "fired" : "held"} label={reaction.fired ? "fired" : "held back"} />;
}

export function Result({ reaction }: { reaction: Reaction }) {
  if (!reaction.fired) return <None why="nothing was started" />;
  const known = reaction.outcome === null ? undefined : OUTCOMES[reaction.outcome];
  return known ? <StateBadge state={known.label} tone={known.tone} /> : <StateBadge state="running" />;
}
