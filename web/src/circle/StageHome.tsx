import { Text } from "@mantine/core";

import { useGet } from "~/api/queries";
import { stageOf, stageOfEvent } from "~/stages";
import type { StageKey } from "~/stages/stage";
import { EmptyState, ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Facts, Page, Section } from "~/ui/Page";
import { StateBadge } from "~/ui/small";

import { Latest, Needs } from "./lists";

/** One stage as the circle sees it. */
export default function StageHome({ stageKey }: { stageKey: StageKey }) {
  const stage = stageOf(stageKey);
  const circle = useGet("/api/v1/circle");
  const { data } = circle;
  const now = data && [...data.stages, data.loop].find((one) => one.stage === stageKey);
  const latest = data?.latest.filter((entry) => stageOfEvent(entry.type) === stageKey) ?? [];
  return (
    <Page title={stage.title} lead={stage.does} badge={now && <StateBadge state={now.state} />}>
      {circle.isPending && <Loading />}
      {circle.error && <ErrorNotice error={circle.error} retry={() => void circle.refetch()} />}
      {now?.state === "empty" && (
        <EmptyState title={now.headline || "Nothing here yet"} recipe={stage.start}>
          These lines bring the first record; it appears here at once.
        </EmptyState>
      )}
      {now && now.state !== "empty" && (
        <>
          <Section title="Now" note={now.headline}>
            <Facts facts={now.facts.map((fact) => [fact.label, fact.value])} />
          </Section>
          {now.needs.length > 0 && <Needs needs={now.needs} />}
          <Section title="What happened here last" flush>
            {latest.length > 0 ? <Latest entries={latest} /> : <Text c="dimmed" px="lg" pb="lg">Nothing lately.</Text>}
          </Section>
          <Section title="The same from a terminal or a notebook">
            <Snippet {...stage.start} />
          </Section>
        </>
      )}
    </Page>
  );
}
