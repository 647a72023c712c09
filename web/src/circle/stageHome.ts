import { createElement } from "react";

import type { StageKey } from "~/stages/stage";

/** The route of a stage's own page: its state in the circle, what it needs, what happened there last. */
export function stageHome(key: StageKey) {
  return async () => {
    const { default: StageHome } = await import("./StageHome");
    return { Component: () => createElement(StageHome, { stageKey: key }) };
  };
}
