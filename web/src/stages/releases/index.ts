import { IconArrowsSplit2 } from "@tabler/icons-react";

import { stageHome } from "~/circle/stageHome";

import type { Stage } from "../stage";

export const releases: Stage = {
  key: "releases",
  number: "4",
  title: "Releases",
  path: "/releases",
  icon: IconArrowsSplit2,
  does: "Prove a new version on live traffic before it takes over: a canary with a share, then promotion or roll-back.",
  pages: [{ title: "Releases", path: "/releases" }],
  routes: [{ path: "releases", lazy: stageHome("releases") }],
  start: {
    cli: `pomona release start late-flights --candidate late-flights/2 --share 0.2`,
    sdk: `pom.releases.start("late-flights", candidate="late-flights/2", share=0.2)`,
  },
};
