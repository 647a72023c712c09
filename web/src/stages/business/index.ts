import { IconBulb } from "@tabler/icons-react";

import type { Stage } from "../stage";

export const business: Stage = {
  key: "business",
  number: "1",
  title: "Business",
  path: "/business",
  icon: IconBulb,
  does: "State a hypothesis: what would be predicted, which metric it moves, what that is worth; then decide go or kill.",
  pages: [{ title: "Hypotheses", path: "/business" }],
  routes: [
    { path: "business", lazy: async () => ({ Component: (await import("./HypothesesPage")).default }) },
    { path: "business/new", lazy: async () => ({ Component: (await import("./NewHypothesisPage")).default }) },
    { path: "business/decisions/:id", lazy: async () => ({ Component: (await import("./DecisionPage")).default }) },
    { path: "business/:ref", lazy: async () => ({ Component: (await import("./HypothesisPage")).default }) },
  ],
  start: {
    cli: `pomona hypothesis create late-flights --statement "..." --metric average_precision --baseline 0.2 --target 0.35`,
    sdk: `import pomona\n\npom = pomona.connect()\npom.hypotheses.create("late-flights", statement="...", metric="average_precision", baseline=0.2, target=0.35)`,
  },
};
