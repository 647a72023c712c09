import { business } from "./business";
import { data } from "./data";
import { loop } from "./loop";
import { monitoring } from "./monitoring";
import { registry } from "./registry";
import { releases } from "./releases";
import { serving } from "./serving";
import type { Stage, StageKey } from "./stage";
import { training } from "./training";

/** The stages in the order of the circle, then the loop that joins the last to the first. */
export const STAGES: Stage[] = [business, data, training, registry, releases, serving, monitoring, loop];

export function stageOf(key: StageKey): Stage {
  return STAGES.find((stage) => stage.key === key)!;
}

const OWNERS: Record<string, StageKey> = { jobs: "loop", labelling: "training" };

/** The stage that an event type belongs to: "releases.decided" -> releases. */
export function stageOfEvent(type: string): StageKey | undefined {
  const first = type.split(".")[0] ?? "";
  return OWNERS[first] ?? STAGES.find((stage) => stage.key === first)?.key;
}
