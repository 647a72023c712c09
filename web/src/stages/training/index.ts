import { IconPlant } from "@tabler/icons-react";

import { stageHome } from "~/circle/stageHome";

import type { Stage } from "../stage";

export const training: Stage = {
  key: "training",
  number: "3",
  title: "Training",
  path: "/training",
  icon: IconPlant,
  does: "Train and track: any MLflow client works; a training entry can be run again on newer data.",
  pages: [{ title: "Runs", path: "/training" }],
  routes: [{ path: "training", lazy: stageHome("training") }],
  start: {
    cli: `export MLFLOW_TRACKING_URI=http://127.0.0.1:7700\npython train.py`,
    sdk: `import mlflow\n\nmlflow.autolog()\nmodel.fit(X, y)`,
  },
};
