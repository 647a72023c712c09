import { Anchor, Text, Title } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";

import { useEvents } from "~/api/live";
import { useGet } from "~/api/queries";
import type { CircleState, Entry, StageState } from "~/api/types";
import { stageOf, stageOfEvent } from "~/stages";
import type { StageKey } from "~/stages/stage";
import { plainType } from "~/ui/format";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";
import { StateBadge, TimeAgo } from "~/ui/small";

import { Balances } from "./Balances";
import classes from "./CirclePage.module.css";
import { Latest, Needs } from "./lists";
import { Ring } from "./Ring";

const ASK_EVERY_MS = 5_000; // what an event made stale comes up to two seconds old, and counters move without one

/** The home page: the whole life of the models, and what needs a person now. */
export default function CirclePage() {
  const circle = useGet("/api/v1/circle", {}, { refetchInterval: ASK_EVERY_MS });
  const needs = circle.data ? [...circle.data.stages, circle.data.loop].flatMap((stage) => stage.needs) : [];
  return (
    <Page title="The circle" lead={circle.data && sentence(circle.data, needs.length)}>
      {circle.isPending && <Loading lines={8} />}
      {circle.error && <ErrorNotice error={circle.error} retry={() => void circle.refetch()} />}
      {circle.data && (
        <div className={classes.page}>
          <Circle state={circle.data} />
          <div className={classes.aside}>
            <div className={classes.own}>
              <Section title="Needs a person" note={needs.length === 0 && "Nothing waits for you."}>
                {needs.length > 0 && <Needs needs={needs} />}
              </Section>
              <Balances money={circle.data.money ?? []} />
            </div>
            <Section
              title="Happened last"
              flush
              actions={
                <Anchor component={Link} to="/events" size="sm">
                  all events
                </Anchor>
              }
            >
              {circle.data.latest.length > 0 ? (
                <Latest entries={circle.data.latest.slice(0, 8)} />
              ) : (
                <Text c="dimmed" size="sm" px="lg" pb="lg">
                  The ledger is empty. Begin with a hypothesis.
                </Text>
              )}
            </Section>
          </div>
        </div>
      )}
    </Page>
  );
}

function sentence({ stages, loop }: CircleState, needs: number): string {
  const all = [...stages, loop];
  if (all.every((stage) => stage.state === "empty")) return "From an idea to money and round again. It begins with a hypothesis.";
  const busy = all.filter((stage) => stage.state === "busy").map((stage) => stage.title.toLowerCase());
  const work = busy.length > 0 ? `At work: ${busy.join(", ")}. ` : "";
  return work + (needs === 0 ? "Nothing waits for you." : needs === 1 ? "One thing waits for you." : `${needs} things wait for you.`);
}

/** The ring with a card beside each disc; on a narrow page the cards stand below it. */
export function Circle({ state }: { state: CircleState }) {
  const pulses = usePulses();
  return (
    <section className={classes.circle} aria-label="The stages">
      <div className={classes.middle}>
        <Ring stages={state.stages} loop={state.loop} pulses={pulses} />
        <Link to={stageOf("loop").path} className={classes.loop}>
          <Title order={2} size="h3">
            {state.loop.title}
          </Title>
          <Text size="xs" lineClamp={3} maw="84%">
            {state.loop.headline}
          </Text>
          <StateBadge state={state.loop.state} />
        </Link>
      </div>
      {state.stages.map((stage, place) => (
        <StageCard key={stage.stage} stage={stage} number={place + 1} last={lastOf(state.latest, stage.stage)} />
      ))}
    </section>
  );
}

function StageCard({ stage, number, last }: { stage: StageState; number: number; last: Entry | undefined }) {
  return (
    <Link to={stageOf(stage.stage).path} className={classes.card} data-place={number}>
      <div className={classes.title}>
        <span className={classes.number}>{number}</span>
        <Title order={2} size="h3">
          {stage.title}
        </Title>
        {stage.state === "attention" && <StateBadge state="attention" label="look" />}
      </div>
      <span className={classes.headline}>{stage.headline}</span>
      {stage.facts.length > 0 && (
        <span className={classes.facts}>
          {stage.facts.slice(0, 3).map((fact) => (
            <span key={fact.label}>
              {fact.label} <b>{fact.value}</b>
            </span>
          ))}
        </span>
      )}
      {last && (
        <span className={classes.last}>
          {plainType(last.type)}, <TimeAgo at={last.at} />
        </span>
      )}
    </Link>
  );
}

/** Stage 3 is training and registry together, so it speaks for both. */
function belongs(entry: Entry, stage: StageKey): boolean {
  const owner = stageOfEvent(entry.type);
  return owner === stage || (owner === "registry" && stage === "training");
}

function lastOf(latest: Entry[], stage: StageKey): Entry | undefined {
  return latest.find((entry) => belongs(entry, stage));
}

/** Counts what happens in each stage while the page is open: each count lets its disc ripple once. */
function usePulses(): ReadonlyMap<StageKey, number> {
  const [pulses, setPulses] = useState<ReadonlyMap<StageKey, number>>(new Map());
  useEvents((entry) => {
    const owner = stageOfEvent(entry.type);
    const stage = owner === "registry" ? "training" : owner;
    if (stage) setPulses((old) => new Map(old).set(stage, entry.seq));
  });
  return pulses;
}
