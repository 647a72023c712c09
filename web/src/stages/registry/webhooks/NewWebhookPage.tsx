import { useNavigate } from "react-router";

import { api } from "~/api/client";
import { useSend } from "~/api/queries";
import { Snippet } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";

import { RECIPE } from "./deliveries";
import { BLANK, WebhookForm, type Values } from "./WebhookForm";

/** Registers an address. */
export default function NewWebhookPage() {
  const navigate = useNavigate();
  const add = useSend(
    ({ unsigned: _, secret, ...values }: Values) => api.POST("/api/v1/webhooks", { body: { ...values, name: values.name.trim(), url: values.url.trim(), secret: secret || null } }),
    { onDone: (made) => void navigate(`/registry/webhooks/${made.id}`) },
  );
  return (
    <Page title="Add a webhook" crumbs={[{ title: "Models", to: "/registry" }, { title: "Webhooks", to: "/registry/webhooks" }]} lead="It is told as JSON, by POST, soon after something happened; what happened before is not told.">
      <WebhookForm initial={BLANK} signed={false} submit="Add it" busy={add.isPending} error={add.error} onSubmit={(values) => add.mutate(values)} />
      <Section title="The same from a terminal or a notebook">
        <Snippet {...RECIPE} />
      </Section>
    </Page>
  );
}
