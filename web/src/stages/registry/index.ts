import { IconBox } from "@tabler/icons-react";

import type { Stage } from "../stage";

export const registry: Stage = {
  key: "registry",
  number: "3",
  title: "Registry",
  path: "/registry",
  icon: IconBox,
  does: "Register models; each version names its run, its data and its files; gates say which may serve.",
  pages: [{ title: "Models", path: "/registry" }],
  routes: [
    { path: "registry", lazy: async () => ({ Component: (await import("./ModelsPage")).default }) },
    { path: "registry/compare", lazy: async () => ({ Component: (await import("./DiffPage")).default }) },
    { path: "registry/versions/:ref", lazy: async () => ({ Component: (await import("./VersionPage")).default }) },
    { path: "registry/:ref", lazy: async () => ({ Component: (await import("./ModelPage")).default }) },
  ],
  start: {
    cli: `pomona models register late-flights --run RUN`,
    sdk: `mlflow.register_model(f"runs:/{run_id}/model", "late-flights")`,
  },
};
