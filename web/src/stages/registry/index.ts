import { IconBox } from "@tabler/icons-react";

import { stageHome } from "~/circle/stageHome";

import type { Stage } from "../stage";

export const registry: Stage = {
  key: "registry",
  number: "3",
  title: "Registry",
  path: "/registry",
  icon: IconBox,
  does: "Register models; each version names its run, its data and its files; gates say which may serve.",
  pages: [{ title: "Models", path: "/registry" }],
  routes: [{ path: "registry", lazy: stageHome("registry") }],
  start: {
    cli: `pomona model register late-flights --run RUN`,
    sdk: `mlflow.register_model(f"runs:/{run_id}/model", "late-flights")`,
  },
};
