/** Webhooks and what they were told, in words. */
import type { Schema } from "~/api/types";
import type { Recipe } from "~/ui/notices";
import { StateBadge } from "~/ui/small";

type Delivery = Schema<"Delivery">;

export const RECIPE: Recipe = {
  cli: `pomona webhooks new deploys https://ci.example/hook --event model_version_alias.created --secret-env HOOK_SECRET`,
  sdk: `pom.webhooks.create("deploys", "https://ci.example/hook",\n    ["model_version_alias.created"], secret=os.environ["HOOK_SECRET"])`,
};

export function On({ webhook }: { webhook: Pick<Schema<"WebhookInfo">, "status"> }) {
  return webhook.status === "ACTIVE" ? <StateBadge state="active" /> : <StateBadge state="held" label="paused" />;
}

export function Delivered({ delivery }: { delivery: Pick<Delivery, "state"> }) {
  return <StateBadge state={delivery.state} tone={{ delivered: "good", waiting: "warn", failed: "bad" }[delivery.state] as "good" | "warn" | "bad"} label={delivery.state === "waiting" ? "tried again" : delivery.state} />;
}

/** "200", "503", or why it could not be asked. */
export function answerOf(delivery: Pick<Delivery, "tries">): string {
  const last = delivery.tries.at(-1);
  return last?.error ?? String(last?.status ?? "");
}
