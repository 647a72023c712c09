import { useParams } from "react-router";

import { useGet } from "~/api/queries";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";

import { Decisions } from "./Decisions";

/** One decision as it was made. */
export default function DecisionPage() {
  const { id = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/decisions/{decision_id}", { path: { decision_id: id } }, { immutable: true });
  const about = useGet("/api/v1/hypotheses/{ref}", { path: { ref: data?.hypothesis ?? "" } }, { enabled: data !== undefined });
  const name = about.data?.name ?? "hypothesis";
  return (
    <Page
      title={data ? `Decision: ${data.verdict}` : "Decision"}
      crumbs={[{ title: "Hypotheses", to: "/business" }, ...(data ? [{ title: name, to: `/business/${data.hypothesis}` }] : [])]}
    >
      {isPending && <Loading />}
      {error && <ErrorNotice error={error} retry={() => void refetch()} />}
      {data && (
        <Section title="What was decided, and why" note={about.data?.statement}>
          <Decisions decisions={[data]} />
        </Section>
      )}
    </Page>
  );
}
