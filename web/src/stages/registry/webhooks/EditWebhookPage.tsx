import { useNavigate, useParams } from "react-router";

import { api } from "~/api/client";
import { useGet, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Page } from "~/ui/Page";

import { WebhookForm, type Values } from "./WebhookForm";

const CRUMBS = [{ title: "Models", to: "/registry" }, { title: "Webhooks", to: "/registry/webhooks" }];

/** Changes an address, its events or its secret. */
export default function EditWebhookPage() {
  const { ref = "" } = useParams();
  const { data, error, isPending } = useGet("/api/v1/webhooks/{ref}", { path: { ref } });
  if (!data) {
    return (
      <Page title="Change a webhook" crumbs={CRUMBS}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} />}
      </Page>
    );
  }
  return <Shown webhook={data} />;
}

function Shown({ webhook }: { webhook: Schema<"WebhookInfo"> }) {
  const navigate = useNavigate();
  const { id, name, url, description, events, signed } = webhook;
  const save = useSend(
    ({ unsigned, secret, ...values }: Values) => api.PATCH("/api/v1/webhooks/{ref}", { params: { path: { ref: id } }, body: { ...values, secret: unsigned ? "" : secret || null } }),
    { onDone: () => void navigate(`/registry/webhooks/${id}`) },
  );
  return (
    <Page title={`Change ${name}`} crumbs={[...CRUMBS, { title: name, to: `/registry/webhooks/${id}` }]}>
      <WebhookForm initial={{ name, url, description, events, secret: "", unsigned: false }} signed={signed} submit="Keep it so" busy={save.isPending} error={save.error} onSubmit={(values) => save.mutate(values)} />
    </Page>
  );
}
