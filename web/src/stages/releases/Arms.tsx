/** Champion and candidate side by side: what each answered, what came true, what it earned. */
import { Group, Text } from "@mantine/core";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { date, money, number, percent } from "~/ui/format";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Facts, Section } from "~/ui/Page";
import { StateBadge } from "~/ui/small";

import { RecordLink } from "../names";
import classes from "./releases.module.css";

type Evidence = Schema<"CanaryEvidence">;
type Arm = Schema<"ArmEvidence">;

export function Arms({ release }: { release: Schema<"Release"> }) {
  const { data, error, isPending } = useGet("/api/v1/releases/{release_id}/evidence", { path: { release_id: release.id } });
  const span = data?.since && data.until ? `Predictions of ${date(data.since)} to ${date(data.until)}.` : undefined;
  return (
    <Section title="Both arms" note={span}>
      {isPending && <Loading />}
      {error && <ErrorNotice error={error} />}
      {data && (
        <>
          <div className={classes.arms}>
            <Side arm={data.champion} evidence={data} share={1 - data.share} />
            <Side arm={data.candidate} evidence={data} share={data.share} />
          </div>
        </>
      )}
    </Section>
  );
}

function Side({ arm, evidence, share }: { arm: Arm; evidence: Evidence; share: number }) {
  const amount = (value: number) => (evidence.measure === "money" ? money(value, evidence.currency || "EUR") : percent(value));
  const noise = halfWidth(arm);
  return (
    <article className={classes.arm} data-arm={arm.arm} aria-label={arm.arm}>
      <header>
        <Text fw={600} size="lg" component="div">
          <RecordLink id={arm.model_version} />
        </Text>
        <Group gap={6}>
          <StateBadge state={arm.arm} />
          <Text span size="sm" c="dimmed">{`${percent(share, 0)} of units`}</Text>
        </Group>
      </header>
      <Text size="sm" c="dimmed">
        {evidence.measure === "money" ? "Money per prediction" : "Right answers"}
      </Text>
      <div className={classes.mean}>{arm.value.n > 0 ? amount(arm.value.mean) : "–"}</div>
      <Text size="sm" c="dimmed" mb="sm">
        {noise === null ? "no outcome is known yet" : `95 % between ${amount(arm.value.mean - noise)} and ${amount(arm.value.mean + noise)}`}
      </Text>
      <Facts
        facts={[
          ["predictions", number(arm.predictions)],
          ["outcomes known", number(arm.matured)],
          ["units", arm.units === null ? null : number(arm.units)],
          ["failed answers", number(arm.failures)],
          ["in all", evidence.measure === "money" && arm.value.n > 0 ? amount(arm.value.n * arm.value.mean) : null],
        ]}
      />
    </article>
  );
}

/** Half of the 95 % interval of a mean; null when nothing is known. */
export function halfWidth({ value }: Pick<Arm, "value">): number | null {
  if (value.n < 2) return null;
  return 1.96 * Math.sqrt(value.m2 / (value.n - 1) / value.n);
}
