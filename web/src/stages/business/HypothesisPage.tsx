import { Progress, SimpleGrid, Stack, Text } from "@mantine/core";
import { useParams } from "react-router";

import { useGet, usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { EmptyState, ErrorNotice, Loading } from "~/ui/notices";
import { Facts, Page, Section } from "~/ui/Page";
import { Money, StateBadge, TimeAgo } from "~/ui/small";

import { RunsTable } from "../training/RunsTable";
import { Spent as SpentOnRuns } from "../training/Spent";
import { TraceLink } from "../ties";
import { DecideDialog } from "./DecideDialog";
import { Decisions } from "./Decisions";
import { Earned } from "./Earned";
import { worthOf } from "./payoffs";
import { bestOf, PREFIXES, Target } from "./Target";
import { Worth } from "./Worth";

/** A hypothesis: where it stands, what it is worth, what was decided and what it led to. */
export default function HypothesisPage() {
  const { ref = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/hypotheses/{ref}", { path: { ref } });
  if (!data) {
    return (
      <Page title="Hypothesis" crumbs={[{ title: "Hypotheses", to: "/business" }]}>
        {isPending ? <Loading /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown hypothesis={data} />;
}

function Shown({ hypothesis }: { hypothesis: Schema<"Hypothesis"> }) {
  const runs = usePages("/api/v1/runs", { query: { hypothesis: hypothesis.id, limit: 200 } });
  const decisions = useGet("/api/v1/hypotheses/{ref}/decisions", { path: { ref: hypothesis.id } });
  const endpoints = useGet("/api/v1/endpoints", { query: { limit: 200 } });
  const testing = endpoints.data?.items.filter((one) => one.hypothesis === hypothesis.id) ?? [];
  const { payoffs, budget } = hypothesis;
  return (
    <Page
      title={hypothesis.name}
      crumbs={[{ title: "Hypotheses", to: "/business" }]}
      badge={<StateBadge state={hypothesis.state} />}
      lead={hypothesis.statement}
      actions={hypothesis.state === "killed" ? undefined : <DecideDialog hypothesis={hypothesis} suggested={runs.rows.slice(0, 10).map((run) => run.id)} />}
    >
      <Section
        title="What it must reach"
        note={`${hypothesis.metric.replaceAll("_", " ")}; ${hypothesis.direction} is better`}
        actions={<TraceLink id={hypothesis.id} />}
      >
        <Target hypothesis={hypothesis} best={bestOf(runs.rows, hypothesis)} />
      </Section>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Section title="What it is worth">
          {payoffs ? (
            <Worth worth={worthOf(payoffs)} currency={payoffs.currency} threshold={payoffs.threshold} unit={hypothesis.unit} />
          ) : (
            <Text c="dimmed">No prices were stated: models for it are judged by the metric alone.</Text>
          )}
        </Section>
        <Section
          title="Budget of the first analysis"
          note={
            <>
              {`Stated by ${hypothesis.created_by}, `}
              <TimeAgo at={hypothesis.created_at} />
            </>
          }
        >
          {budget ? (
            <Spent budget={budget} since={hypothesis.created_at} decided={hypothesis.state !== "open"} />
          ) : (
            <Text c="dimmed">Not limited: nobody is asked to decide by a day.</Text>
          )}
        </Section>
      </SimpleGrid>
      {testing.length > 0 && (
        <Section title="Earned so far" note="What its endpoints earned, beside what the same cases earn without a model.">
          <Stack gap="xl">
            {testing.map((endpoint) => (
              <Earned key={endpoint.id} endpoint={endpoint} />
            ))}
          </Stack>
        </Section>
      )}
      <Section title="Decisions">
        {decisions.isPending && <Loading lines={2} />}
        {decisions.error && <ErrorNotice error={decisions.error} />}
        {decisions.data &&
          (decisions.data.length > 0 ? (
            <Decisions decisions={[...decisions.data].reverse()} />
          ) : (
            <Text c="dimmed">Nobody has decided yet. A decision says go, kill or pivot, and why.</Text>
          ))}
      </Section>
      <Section title="Runs for it" note={<SpentOnRuns hypothesis={hypothesis.id} />}>
        <RunsTable
          id="hypothesis-runs"
          pages={runs}
          first={PREFIXES.map((prefix) => `${prefix}${hypothesis.metric}`)}
          empty={
            <EmptyState title="No run tests it yet" recipe={{ sdk: `with mlflow.start_run():\n    mlflow.set_tag("pomona.hypothesis", "${hypothesis.name}")\n    ...` }}>
              A run with this tag counts for the hypothesis.
            </EmptyState>
          }
        />
      </Section>
    </Page>
  );
}

function Spent({ budget, since, decided }: { budget: NonNullable<Schema<"Hypothesis">["budget"]>; since: string; decided: boolean }) {
  const days = Math.floor((Date.now() - new Date(since).getTime()) / 86_400_000);
  const over = days > budget.days && !decided;
  return (
    <Stack gap="xs">
      <Facts
        facts={[
          ["owner", budget.owner],
          ["money", <Money key="money" amount={budget.money.amount} currency={budget.money.currency} />],
          ["time", `${budget.days} days`],
        ]}
      />
      {!decided && (
        <>
          <Progress value={(days / budget.days) * 100} color={over ? "pomegranate" : "leaf"} aria-label="Days used" />
          <Text size="sm" c="dimmed">{over ? `A decision is overdue by ${days - budget.days} days.` : `${days} of ${budget.days} days used until a decision is due.`}</Text>
        </>
      )}
    </Stack>
  );
}
