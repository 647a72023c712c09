import { IconRefresh } from "@tabler/icons-react";

import type { Stage } from "../stage";

export const loop: Stage = {
  key: "loop",
  number: "",
  title: "The loop",
  path: "/loop",
  icon: IconRefresh,
  does: "Let what happened cause what comes next: triggers, what they decided and why, and the jobs they started.",
  pages: [
    { title: "Reactions", path: "/loop" },
    { title: "Triggers", path: "/loop/triggers" },
    { title: "Jobs", path: "/loop/jobs" },
  ],
  routes: [
    { path: "loop", lazy: async () => ({ Component: (await import("./ReactionsPage")).default }) },
    { path: "loop/reactions/:id", lazy: async () => ({ Component: (await import("./ReactionPage")).default }) },
    { path: "loop/triggers", lazy: async () => ({ Component: (await import("./TriggersPage")).default }) },
    { path: "loop/triggers/new", lazy: async () => ({ Component: (await import("./NewTriggerPage")).default }) },
    { path: "loop/triggers/:ref", lazy: async () => ({ Component: (await import("./TriggerPage")).default }) },
    { path: "loop/jobs", lazy: async () => ({ Component: (await import("./JobsPage")).default }) },
    { path: "loop/jobs/:id", lazy: async () => ({ Component: (await import("./JobPage")).default }) },
  ],
  start: {
    cli: `pomona loop trigger on-drift --endpoint late-flights --kind drift --entry late-flights --label late`,
    sdk: `from pomona.loop.records import Recipe\n\npom.loop.trigger("on-drift", endpoint="late-flights", kind="drift", recipe=Recipe(entry="late-flights", label="late"))`,
  },
};
