import { IconRocket } from "@tabler/icons-react";

import type { Stage } from "../stage";

export const serving: Stage = {
  key: "serving",
  number: "5",
  title: "Serving",
  path: "/serving",
  icon: IconRocket,
  does: "Answer predictions, each bound to its model version; bring the true outcomes when they are known.",
  pages: [
    { title: "Gateway and money", path: "/serving" },
    { title: "Predictions", path: "/serving/predictions" },
    { title: "Waiting outcomes", path: "/serving/outcomes" },
  ],
  routes: [
    { path: "serving", lazy: async () => ({ Component: (await import("./ServingPage")).default }) },
    { path: "serving/predictions", lazy: async () => ({ Component: (await import("./PredictionsPage")).default }) },
    { path: "serving/predictions/:id", lazy: async () => ({ Component: (await import("./PredictionPage")).default }) },
    { path: "serving/outcomes", lazy: async () => ({ Component: (await import("./OutcomesPage")).default }) },
  ],
  start: {
    cli: `pomona predict late-flights --file flights.csv\npomona outcomes record --file outcomes.csv`,
    sdk: `import pomona\n\npom = pomona.connect()\n[answer] = pom.predict("late-flights", [{"carrier": "UA", "hour": 17}])\npom.outcomes.record_one(answer.prediction_id, True)`,
  },
};
