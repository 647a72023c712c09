import { Select, Stack } from "@mantine/core";

import { EmptyState, ErrorNotice, Loading } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";
import { useUrlState } from "~/ui/state";

import { serving } from ".";
import { releases } from "../releases";
import { useEndpoints } from "../releases/endpoints";
import { Gateway } from "./Gateway";
import { MoneyLedger } from "./MoneyLedger";
import { PerDay } from "./PerDay";
import { TryIt } from "./TryIt";

/** What the gateway does now, how much it answered, and what that earned. */
export default function ServingPage() {
  const { endpoints, isPending, error } = useEndpoints();
  const [view, setView] = useUrlState({ endpoint: "" });
  const endpoint = endpoints.find((one) => one.name === view.endpoint) ?? endpoints[0];
  const choice = endpoints.length > 1 && (
    <Select
      aria-label="Endpoint"
      allowDeselect={false}
      data={endpoints.map((one) => one.name)}
      value={endpoint?.name ?? null}
      onChange={(name) => setView({ endpoint: name ?? "" })}
    />
  );
  return (
    <Page title="Serving" lead={serving.does} actions={choice || undefined}>
      <Gateway />
      {isPending && <Loading />}
      {error && <ErrorNotice error={error} />}
      {!isPending && !error && !endpoint && (
        <EmptyState title="No endpoint to ask yet" recipe={releases.start}>
          Create an endpoint and release a version on it; from then on this page counts what it answers.
        </EmptyState>
      )}
      {endpoint && (
        <Stack gap="lg" key={endpoint.id}>
          <PerDay endpoint={endpoint} />
          {endpoint.payoffs && <MoneyLedger endpoint={endpoint} />}
          <Section title="Try it">
            <TryIt endpoint={endpoint} />
          </Section>
        </Stack>
      )}
    </Page>
  );
}
