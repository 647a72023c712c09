import { Button, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconRocket } from "@tabler/icons-react";
import { Link, useParams } from "react-router";

import { useGet, usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { percent } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading } from "~/ui/notices";
import { Facts, Figures, Page, Section } from "~/ui/Page";
import { IdLink, Money, None, StateBadge, TimeAgo } from "~/ui/small";

import { releases } from ".";
import { Earned } from "../business/Earned";
import { Worth } from "../business/Worth";
import { worthOf } from "../business/payoffs";
import { RecordLink } from "../names";
import { AppendTables } from "../serving/AppendTables";
import { TryIt } from "../serving/TryIt";
import { TraceLink } from "../ties";
import classes from "./releases.module.css";
import { StartDialog } from "./StartDialog";
import { Timeline } from "./Timeline";

type Endpoint = Schema<"Endpoint">;

/** An endpoint: what it serves now, what it has earned, and who served before. */
export default function EndpointPage() {
  const { ref = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/endpoints/{ref}", { path: { ref } });
  if (!data) {
    return (
      <Page title="Endpoint" crumbs={[{ title: "Endpoints", to: "/releases" }]}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown endpoint={data} />;
}

function Shown({ endpoint }: { endpoint: Endpoint }) {
  const active = useGet("/api/v1/endpoints/{ref}/release", { path: { ref: endpoint.name } });
  const value = useGet("/api/v1/endpoints/{name}/value", { path: { name: endpoint.name }, query: { period: "month" } });
  const history = usePages("/api/v1/releases", { query: { endpoint: endpoint.name, limit: 100 } });
  const now = active.data;
  return (
    <Page
      title={endpoint.name}
      crumbs={[{ title: "Endpoints", to: "/releases" }]}
      badge={now === undefined ? undefined : now === null ? <StateBadge state="pending" label="serves nothing" /> : <StateBadge state={now.strategy === "canary" ? "canary" : "live"} />}
      lead={<>Answers by <RecordLink id={endpoint.model} />.</>}
      actions={
        <>
          <Button component={Link} to={`/serving/predictions?endpoint=${encodeURIComponent(endpoint.name)}`} variant="light" leftSection={<IconRocket size={16} aria-hidden />}>
            Its predictions
          </Button>
          {now !== undefined && <StartDialog key={now?.id ?? "none"} endpoint={endpoint} active={now} />}
        </>
      }
    >
      <Section title="Serves now" actions={now ? <TraceLink id={now.id} /> : undefined}>
        {active.isPending && <Loading lines={2} />}
        {active.error && <ErrorNotice error={active.error} />}
        {now === null && (
          <EmptyState title="Nothing serves here yet" recipe={releases.start}>
            Release a first version, and the gateway answers within a second.
          </EmptyState>
        )}
        {now && <Serving release={now} />}
      </Section>
      {value.data && value.data.predictions > 0 && <Gain ledger={value.data} priced={endpoint.payoffs !== null} />}
      {endpoint.payoffs && (
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          <Section title="Gain by month">
            <Earned endpoint={endpoint} />
          </Section>
          <Section title="What an answer is worth">
            <Worth worth={worthOf(endpoint.payoffs)} currency={endpoint.payoffs.currency} threshold={endpoint.payoffs.threshold} unit="prediction" />
          </Section>
        </SimpleGrid>
      )}
      <Section title="Who served, and why" note="Newest first. Nothing is ever overwritten: each change of what is served is a release.">
        {history.isPending && <Loading />}
        {history.error && <ErrorNotice error={history.error} />}
        {history.rows.length > 0 ? <Timeline releases={history.rows} /> : !history.isPending && <Text c="dimmed">No release yet.</Text>}
      </Section>
      <Section title="Ask it" note="From a terminal or a program; every answer is kept with the version that gave it.">
        <TryIt endpoint={endpoint} />
      </Section>
      <AppendTables endpoint={endpoint.name} />
      <Section title="About" actions={<TraceLink id={endpoint.id} />}>
        <Facts
          facts={[
            ["hypothesis", endpoint.hypothesis ? <RecordLink key="hypothesis" id={endpoint.hypothesis} /> : <None key="hypothesis" why="tests no hypothesis" />],
            ["says yes above", endpoint.threshold ?? <None key="threshold" why="no threshold" />],
            ["positive class", endpoint.positive_class],
            ["unit column", endpoint.unit_column],
            ["an answer is given", endpoint.durability === "commit" ? "once it is on disk" : "at once"],
            ["created", <span key="created">{`${endpoint.created_by}, `}<TimeAgo at={endpoint.created_at} /></span>],
            ["id", <IdLink key="id" id={endpoint.id} copy />],
          ]}
        />
      </Section>
    </Page>
  );
}

/** Champion and candidate with the share of each as a bar. */
function Serving({ release }: { release: Schema<"Release"> }) {
  return (
    <Stack gap="sm">
      <Group gap="xl">
        <div>
          <Text size="sm" c="dimmed">{`Champion${release.candidate ? `, ${percent(1 - release.share, 0)} of units` : ", every unit"}`}</Text>
          <Text fw={600} size="lg" component="div">
            <RecordLink id={release.champion} />
          </Text>
        </div>
        {release.candidate && (
          <div>
            <Text size="sm" c="dimmed">{`Candidate, ${percent(release.share, 0)} of units`}</Text>
            <Text fw={600} size="lg" component="div">
              <RecordLink id={release.candidate} />
            </Text>
          </div>
        )}
        <div>
          <Text size="sm" c="dimmed">
            Since
          </Text>
          <TimeAgo at={release.started_at} />
        </div>
        <div>
          <Text size="sm" c="dimmed">
            Release
          </Text>
          <IdLink id={release.id} label="open it" />
        </div>
      </Group>
      {release.candidate && (
        <div className={classes.share} role="img" aria-label={`The candidate answers ${percent(release.share, 0)} of units`}>
          <div style={{ width: `${release.share * 100}%` }} />
        </div>
      )}
      <Text size="sm">{release.verdict ? `Last verdict: ${release.verdict.reason}` : release.reason}</Text>
    </Stack>
  );
}

function Gain({ ledger, priced }: { ledger: Schema<"ValueLedger">; priced: boolean }) {
  const count = (value: number) => value.toLocaleString("en-US");
  const known = ledger.predictions > 0 ? `${percent(ledger.matched / ledger.predictions)} of predictions` : undefined;
  const amounts = priced
    ? [
        { label: "Earned with the model", value: <Money amount={ledger.value} currency={ledger.currency} /> },
        { label: "More than without it", value: <Money amount={ledger.uplift} currency={ledger.currency} signed /> },
      ]
    : [];
  return <Figures figures={[{ label: "Predictions", value: count(ledger.predictions) }, { label: "Outcomes known", value: count(ledger.matched), note: known }, ...amounts]} />;
}
