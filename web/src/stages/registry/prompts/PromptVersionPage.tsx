import { Navigate, useParams } from "react-router";

import { useGet } from "~/api/queries";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Page } from "~/ui/Page";

/** Where an id of a version leads: to its prompt, with this version open. */
export default function PromptVersionPage() {
  const { id = "" } = useParams();
  const { data, error } = useGet("/api/v1/prompt-versions/{version_id}", { path: { version_id: id } });
  if (data) return <Navigate to={`/registry/prompts/${data.prompt_id}?version=${data.number}`} replace />;
  return (
    <Page title="Version of a prompt" crumbs={[{ title: "Prompts", to: "/registry/prompts" }]}>
      {error ? <ErrorNotice error={error} /> : <Loading lines={8} />}
    </Page>
  );
}
