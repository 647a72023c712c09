import { IconHeartbeat } from "@tabler/icons-react";

import { stageHome } from "~/circle/stageHome";

import type { Stage } from "../stage";

export const monitoring: Stage = {
  key: "monitoring",
  number: "6",
  title: "Monitoring",
  path: "/monitoring",
  icon: IconHeartbeat,
  does: "Watch drift, quality and money, window by window; an incident says what crossed its threshold.",
  pages: [{ title: "Windows", path: "/monitoring" }],
  routes: [{ path: "monitoring", lazy: stageHome("monitoring") }],
  start: {
    cli: `pomona monitor show late-flights`,
    sdk: `pom.monitoring.windows("late-flights")`,
  },
};
