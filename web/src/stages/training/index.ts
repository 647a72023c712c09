import { IconPlant } from "@tabler/icons-react";

import type { Stage } from "../stage";

export const training: Stage = {
  key: "training",
  number: "3",
  title: "Training",
  path: "/training",
  icon: IconPlant,
  does: "Train and track: any MLflow client works; a training entry can be run again on newer data.",
  pages: [
    { title: "Runs", path: "/training" },
    { title: "Traces", path: "/training/traces" },
    { title: "Evaluation datasets", path: "/training/evaluations" },
    { title: "Training entries", path: "/training/entries" },
    { title: "Import", path: "/training/imports" },
  ],
  routes: [
    { path: "training", lazy: async () => ({ Component: (await import("./RunsPage")).default }) },
    { path: "training/compare", lazy: async () => ({ Component: (await import("./compare/ComparePage")).default }) },
    { path: "training/runs/:id", lazy: async () => ({ Component: (await import("./RunPage")).default }) },
    { path: "training/traces", lazy: async () => ({ Component: (await import("./traces/TracesPage")).default }) },
    { path: "training/traces/:id", lazy: async () => ({ Component: (await import("./traces/TracePage")).default }) },
    { path: "training/evaluations", lazy: async () => ({ Component: (await import("./evaluations/EvaluationsPage")).default }) },
    { path: "training/evaluations/:id", lazy: async () => ({ Component: (await import("./evaluations/EvaluationPage")).default }) },
    { path: "training/imports", lazy: async () => ({ Component: (await import("./imports/ImportsPage")).default }) },
    { path: "training/imports/new", lazy: async () => ({ Component: (await import("./imports/NewImportPage")).default }) },
    { path: "training/imports/:id", lazy: async () => ({ Component: (await import("./imports/ImportPage")).default }) },
    { path: "training/entries", lazy: async () => ({ Component: (await import("./EntriesPage")).default }) },
    { path: "training/entries/:ref", lazy: async () => ({ Component: (await import("./EntryPage")).default }) },
  ],
  start: {
    cli: `export MLFLOW_TRACKING_URI=http://127.0.0.1:7700\npython train.py`,
    sdk: `import mlflow\n\nmlflow.autolog()\nmodel.fit(X, y)`,
  },
};
