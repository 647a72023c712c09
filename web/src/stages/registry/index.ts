import { IconBox } from "@tabler/icons-react";

import type { Stage } from "../stage";

export const registry: Stage = {
  key: "registry",
  number: "3",
  title: "Registry",
  path: "/registry",
  icon: IconBox,
  does: "Register models; each version names its run, its data and its files; gates say which may serve.",
  pages: [
    { title: "Models", path: "/registry" },
    { title: "Prompts", path: "/registry/prompts" },
    { title: "Webhooks", path: "/registry/webhooks" },
  ],
  routes: [
    { path: "registry", lazy: async () => ({ Component: (await import("./ModelsPage")).default }) },
    { path: "registry/compare", lazy: async () => ({ Component: (await import("./DiffPage")).default }) },
    { path: "registry/versions/:ref", lazy: async () => ({ Component: (await import("./VersionPage")).default }) },
    { path: "registry/prompts", lazy: async () => ({ Component: (await import("./prompts/PromptsPage")).default }) },
    { path: "registry/prompts/new", lazy: async () => ({ Component: (await import("./prompts/NewPromptPage")).default }) },
    { path: "registry/prompts/versions/:id", lazy: async () => ({ Component: (await import("./prompts/PromptVersionPage")).default }) },
    { path: "registry/prompts/:ref", lazy: async () => ({ Component: (await import("./prompts/PromptPage")).default }) },
    { path: "registry/webhooks", lazy: async () => ({ Component: (await import("./webhooks/WebhooksPage")).default }) },
    { path: "registry/webhooks/new", lazy: async () => ({ Component: (await import("./webhooks/NewWebhookPage")).default }) },
    { path: "registry/webhooks/:ref", lazy: async () => ({ Component: (await import("./webhooks/WebhookPage")).default }) },
    { path: "registry/webhooks/:ref/edit", lazy: async () => ({ Component: (await import("./webhooks/EditWebhookPage")).default }) },
    { path: "registry/:ref", lazy: async () => ({ Component: (await import("./ModelPage")).default }) },
  ],
  start: {
    cli: `pomona models register late-flights --run RUN`,
    sdk: `mlflow.register_model(f"runs:/{run_id}/model", "late-flights")`,
  },
};
