import { IconRocket } from "@tabler/icons-react";

import { stageHome } from "~/circle/stageHome";

import type { Stage } from "../stage";

export const serving: Stage = {
  key: "serving",
  number: "5",
  title: "Serving",
  path: "/serving",
  icon: IconRocket,
  does: "Answer predictions, each bound to its model version; bring the true outcomes when they are known.",
  pages: [{ title: "Endpoints", path: "/serving" }],
  routes: [{ path: "serving", lazy: stageHome("serving") }],
  start: {
    cli: `pomona endpoint create late-flights --model late-flights --hypothesis late-flights`,
    sdk: `pom.serving.create("late-flights", model="late-flights", hypothesis="late-flights")`,
  },
};
