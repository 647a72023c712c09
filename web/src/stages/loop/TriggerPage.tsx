import { Button, Stack, Text } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useParams } from "react-router";

import { api } from "~/api/client";
import { useGet, usePages, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number, percent } from "~/ui/format";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Facts, Page, Section } from "~/ui/Page";
import { IdLink, Money, StateBadge, TimeAgo } from "~/ui/small";

import { EndpointLink } from "../releases/EndpointLink";
import { ReactionCard } from "./ReactionCard";
import { RequestDialog } from "./RequestDialog";
import { firesWhen, heldBackBy } from "./words";

type Trigger = Schema<"Trigger">;
const SHOWN = 8;

/** A trigger: when it fires, what it does then, what it decided so far. */
export default function TriggerPage() {
  const { ref = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/triggers/{ref}", { path: { ref } });
  if (!data) {
    return (
      <Page title="Trigger" crumbs={[{ title: "Triggers", to: "/loop/triggers" }]}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown trigger={data} />;
}

function Shown({ trigger }: { trigger: Trigger }) {
  const path = { params: { path: { ref: trigger.id } } };
  const turn = useSend(() => (trigger.enabled ? api.POST("/api/v1/triggers/{ref}/pause", path) : api.POST("/api/v1/triggers/{ref}/resume", path)));
  const reactions = usePages("/api/v1/reactions", { query: { trigger: trigger.name, limit: SHOWN } });
  const { recipe } = trigger;
  return (
    <Page
      title={trigger.name}
      crumbs={[
        { title: "The loop", to: "/loop" },
        { title: "Triggers", to: "/loop/triggers" },
      ]}
      badge={trigger.enabled ? <StateBadge state="active" label="on" /> : <StateBadge state="held" label="paused" />}
      lead={`Trains ${recipe.entry} again ${firesWhen(trigger)}${heldBackBy(trigger) ? `; ${heldBackBy(trigger)}` : ""}.`}
      actions={
        <>
          <Button variant="light" color={trigger.enabled ? "gray" : "leaf"} loading={turn.isPending} onClick={() => turn.mutate(undefined)} leftSection={trigger.enabled ? <IconPlayerPause size={16} aria-hidden /> : <IconPlayerPlay size={16} aria-hidden />}>
            {trigger.enabled ? "Pause" : "Resume"}
          </Button>
          <RequestDialog trigger={trigger} />
        </>
      }
    >
      {turn.isError && <ErrorNotice error={turn.error} />}
      <Section title="What it decided" note="Newest first, with why; also when it did nothing.">
        {reactions.isPending && <Loading lines={3} />}
        {reactions.error && <ErrorNotice error={reactions.error} />}
        {!reactions.isPending && reactions.rows.length === 0 && <Text c="dimmed">It was not asked yet.</Text>}
        <Stack>
          {reactions.rows.map((one) => (
            <ReactionCard key={one.id} id={one.id} />
          ))}
          {reactions.hasMore && (
            <Button variant="default" size="xs" onClick={reactions.loadMore} loading={reactions.isLoadingMore}>
              Show older ones
            </Button>
          )}
        </Stack>
      </Section>
      <Section title="What it does when it fires">
        <Facts
          facts={[
            ["trains", recipe.entry],
            ["on", recipe.dataset ? `the newest version of ${recipe.dataset}` : "the newest version of the entry's data"],
            ["with", Object.entries(recipe.params).map(([name, value]) => `${name} ${String(value)}`).join(", ") || null],
            ["judged on", `the newest ${number(recipe.holdout_days)} labelled days`],
            ["must beat the champion by", number(recipe.minimum_improvement)],
            ["then a canary on", `${percent(recipe.policy.share, 0)} of units, at most ${number(recipe.policy.max_days)} days`],
            ["costs", recipe.cost ? <Money key="cost" amount={recipe.cost.amount} currency={recipe.cost.currency} /> : null],
          ]}
        />
      </Section>
      <Section title="About">
        <Facts
          facts={[
            ["endpoint", <EndpointLink key="endpoint" name={trigger.endpoint} />],
            ["next tick", trigger.next_at ? new Date(trigger.next_at).toISOString().slice(0, 16).replace("T", " ") : null],
            ["created", <span key="created">{`${trigger.created_by}, `}<TimeAgo at={trigger.created_at} /></span>],
            ["id", <IdLink key="id" id={trigger.id} copy />],
          ]}
        />
      </Section>
    </Page>
  );
}
