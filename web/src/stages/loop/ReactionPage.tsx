import { Alert, Anchor } from "@mantine/core";
import { IconBolt, IconHandStop } from "@tabler/icons-react";
import { Link, useParams } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { money, number } from "~/ui/format";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Facts, Page, Section } from "~/ui/Page";
import { IdLink, None, TimeAgo } from "~/ui/small";

import { Reason, RecordLink } from "../names";
import { EndpointLink } from "../releases/EndpointLink";
import { Ties } from "../ties";
import { Decided, Result } from "./Decided";
import { KINDS } from "./words";

type Reaction = Schema<"Reaction">;

/** A reaction: what a trigger decided, on which facts, and what came of it. */
export default function ReactionPage() {
  const { id = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/reactions/{reaction_id}", { path: { reaction_id: id } });
  if (!data) {
    return (
      <Page title="Reaction" crumbs={[{ title: "The loop", to: "/loop" }]}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown reaction={data} />;
}

function Shown({ reaction }: { reaction: Reaction }) {
  const links = useGet("/api/v1/links/{record_id}", { path: { record_id: reaction.id } });
  return (
    <Page title={`${reaction.trigger} on ${reaction.endpoint}`} crumbs={[{ title: "The loop", to: "/loop" }]} badge={<Decided reaction={reaction} />}>
      <Alert
        color={reaction.fired ? "leaf" : "gray"}
        icon={reaction.fired ? <IconBolt size={20} aria-hidden /> : <IconHandStop size={20} aria-hidden />}
        title={reaction.fired ? "It fired: a retraining was started" : "It held back: nothing was started"}
      >
        <Reason text={reaction.reason} />
      </Alert>
      {reaction.fired && (
        <Section title="What came of it">
          <Facts
            facts={[
              ["result", <Result key="result" reaction={reaction} />],
              ["job", reaction.job ? <IdLink key="job" id={reaction.job} /> : <None key="job" why="no job" />],
              ["why", reaction.outcome_reason ? <Reason key="why" text={reaction.outcome_reason} /> : null],
            ]}
          />
        </Section>
      )}
      <Section title="The facts it decided on" note="The same facts always lead to the same decision.">
        <Known facts={reaction.facts} />
      </Section>
      <Section title="About">
        <Facts
          facts={[
            ["trigger", <Anchor key="trigger" component={Link} to={`/loop/triggers/${encodeURIComponent(reaction.trigger)}`}>{reaction.trigger}</Anchor>],
            ["endpoint", <EndpointLink key="endpoint" name={reaction.endpoint} />],
            ["on", KINDS[reaction.kind].label.toLowerCase()],
            ["event", reaction.event === null ? null : `no. ${reaction.event} of the ledger`],
            ["decided", <span key="at">{`${reaction.by}, `}<TimeAgo at={reaction.at} /></span>],
            ["id", <IdLink key="id" id={reaction.id} copy />],
          ]}
        />
      </Section>
      {links.data && <Ties id={reaction.id} links={links.data} />}
    </Page>
  );
}

function Known({ facts }: { facts: Reaction["facts"] }) {
  const amount = (value: number | null) => (value === null ? null : money(value.toFixed(2), facts.currency || "EUR"));
  return (
    <Facts
      facts={[
        ["what happened", facts.what || null],
        ["as of", new Date(facts.as_of).toISOString().slice(0, 16).replace("T", " ")],
        ["its condition", facts.unmet === null ? "met" : facts.unmet],
        ["the trigger is", facts.enabled ? "on" : "paused"],
        ["would train", facts.entry || null],
        ["on", facts.data_version ? <RecordLink key="data" id={facts.data_version} /> : null],
        ["the champion learned from", facts.champion_data ? <RecordLink key="champion" id={facts.champion_data} /> : null],
        ["a retraining at work", facts.running_job ? <IdLink key="running" id={facts.running_job} /> : "none"],
        ["a canary being judged", facts.canary ? <IdLink key="canary" id={facts.canary} /> : "none"],
        ["the same was tried by", facts.tried_by ? <IdLink key="tried" id={facts.tried_by} /> : "nobody"],
        ["last retrained", facts.last_retrained ? facts.last_retrained.slice(0, 10) : "never"],
        ["waits between two", facts.cooldown_hours > 0 ? `${number(facts.cooldown_hours / 24)} days` : null],
        ["budget", facts.budget === null ? null : `${facts.retrained} of ${facts.budget} used in ${number(facts.budget_days)} days`],
        ["loses per day", amount(facts.loss_per_day)],
        ["a retraining costs", amount(facts.cost)],
      ]}
    />
  );
}
