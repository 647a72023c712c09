import { SimpleGrid, Stack, Text } from "@mantine/core";
import { useParams } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number, percent } from "~/ui/format";
import { ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Facts, Figures, Page, Section } from "~/ui/Page";
import { IdLink, Money, StateBadge, TimeAgo } from "~/ui/small";

import { RecordLink } from "../names";
import { EndpointLink } from "../releases/EndpointLink";
import { TraceSection } from "../trace/TraceSection";
import { Pairs } from "../training/Pairs";
import { answerText, decisionOf, instant } from "./answers";
import classes from "./serving.module.css";
import { TellForm } from "./TellForm";

type Prediction = Schema<"Prediction">;

/** A prediction: what was asked and answered, what came true, what it earned, and everything behind it. */
export default function PredictionPage() {
  const { id = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/predictions/{prediction_id}", { path: { prediction_id: id } });
  if (!data) {
    return (
      <Page title="Prediction" crumbs={[{ title: "Predictions", to: "/serving/predictions" }]}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown prediction={data} />;
}

function Shown({ prediction }: { prediction: Prediction }) {
  const endpoint = useGet("/api/v1/endpoints/{ref}", { path: { ref: prediction.endpoint } });
  const input = Object.fromEntries(Object.entries(prediction.input).map(([name, value]) => [name, value === null ? "missing" : String(value)]));
  return (
    <Page
      title={prediction.key ?? `${prediction.unit}, ${instant(prediction.at)}`}
      crumbs={[
        { title: "Predictions", to: "/serving/predictions" },
        { title: prediction.endpoint, to: `/serving/predictions?endpoint=${encodeURIComponent(prediction.endpoint)}` },
      ]}
      badge={<StateBadge state={prediction.arm} />}
      lead={<>Answered by <RecordLink id={prediction.model_version} />.</>}
    >
      <Numbers prediction={prediction} currency={endpoint.data?.payoffs?.currency ?? "EUR"} />
      <TraceSection id={prediction.id} />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Section title="What was asked">
          <Pairs pairs={input} label="Input" />
        </Section>
        <Section title="What was answered">
          <Answer prediction={prediction} threshold={endpoint.data?.threshold ?? null} />
        </Section>
      </SimpleGrid>
      <Section title="What came true">
        <Outcomes prediction={prediction} />
      </Section>
    </Page>
  );
}

function Numbers({ prediction, currency }: { prediction: Prediction; currency: string }) {
  const said = decisionOf(prediction);
  const actual = prediction.actual === null ? "open" : prediction.decision === null ? number(prediction.actual) : prediction.actual === 1 ? "yes" : "no";
  const right = said !== undefined && prediction.actual !== null ? (said === actual ? "the answer was right" : "the answer was wrong") : undefined;
  return (
    <Figures
      figures={[
        { label: "Answer", value: answerText(prediction.output), note: said === undefined ? undefined : `that means ${said}` },
        { label: "Came true", value: actual, note: right ?? "the outcome is not known yet" },
        { label: "Earned", value: prediction.value === null ? "–" : <Money amount={prediction.value} currency={currency} signed /> },
        { label: "Without the model", value: prediction.value_without === null ? "–" : <Money amount={prediction.value_without} currency={currency} signed /> },
      ]}
    />
  );
}

function Answer({ prediction, threshold }: { prediction: Prediction; threshold: number | null }) {
  const { output } = prediction;
  const scaled = typeof output === "number" && threshold !== null && output >= 0 && output <= 1;
  return (
    <Stack gap="sm">
      {scaled && (
        <div className={classes.scale} role="img" aria-label={`Probability ${number(output, 3)}, yes above ${threshold}`}>
          <div className={classes.filled} data-decision={prediction.decision} style={{ width: `${output * 100}%` }} />
          <div className={classes.threshold} style={{ left: `${threshold * 100}%` }}>
            <span>{`yes above ${threshold}`}</span>
          </div>
        </div>
      )}
      <Facts
        facts={[
          ["answer", answerText(output)],
          ["arm, by chance", Object.entries(prediction.probabilities).map(([arm, chance]) => `${arm} ${percent(chance, 0)}`).join(", ")],
          ["version", <RecordLink key="version" id={prediction.model_version} />],
          ["release", <IdLink key="release" id={prediction.release} />],
          ["endpoint", <EndpointLink key="endpoint" name={prediction.endpoint} />],
          ["about", prediction.unit],
          ["happened", `${instant(prediction.at)} UTC`],
          ["answered", <TimeAgo key="answered" at={prediction.answered_at} />],
          ["failure", prediction.failure],
          ["id", <IdLink key="id" id={prediction.id} copy />],
        ]}
      />
    </Stack>
  );
}

function Outcomes({ prediction }: { prediction: Prediction }) {
  if (prediction.outcomes.length === 0) {
    return (
      <Stack gap="xs">
        <TellForm prediction={prediction} />
        <Text c="dimmed" size="sm">
          Nobody has told yet. From a program:
        </Text>
        <Snippet cli={`pomona outcomes record --prediction ${prediction.id} --value 1`} sdk={`pom.outcomes.record_one("${prediction.id}", True)`} />
      </Stack>
    );
  }
  return (
    <Stack gap="xs">
      {prediction.outcomes.map((outcome) => (
        <Text key={`${outcome.name}/${outcome.seq}`} component="div">
          <strong>{`${outcome.name} = ${number(outcome.value)}`}</strong>
          {`, at ${instant(outcome.at)} UTC; told `}
          <TimeAgo at={outcome.recorded_at} />
          {outcome.seq > 0 && `; correction ${outcome.seq}`}
        </Text>
      ))}
    </Stack>
  );
}
