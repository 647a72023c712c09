import { IconRefresh } from "@tabler/icons-react";

import { stageHome } from "~/circle/stageHome";

import type { Stage } from "../stage";

export const loop: Stage = {
  key: "loop",
  number: "",
  title: "The loop",
  path: "/loop",
  icon: IconRefresh,
  does: "Let what happened cause what comes next: triggers, what they decided and why, and the jobs they started.",
  pages: [{ title: "Reactions and jobs", path: "/loop" }],
  routes: [{ path: "loop", lazy: stageHome("loop") }],
  start: {
    cli: `pomona trigger add late-flights --on drift --threshold 0.2`,
    sdk: `pom.loop.add_trigger("late-flights", on="drift", threshold=0.2)`,
  },
};
