import { Text } from "@mantine/core";
import { useParams } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number, percent } from "~/ui/format";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Facts, Page, Section } from "~/ui/Page";
import { IdLink, StateBadge, TimeAgo } from "~/ui/small";

import { By, Reason, RecordLink } from "../names";
import { Ties } from "../ties";
import { Arms } from "./Arms";
import { ByHandDialog } from "./ByHandDialog";
import { EndpointLink } from "./EndpointLink";
import { Verdicts } from "./Verdicts";
import { useVersionNames } from "./versions";

type Release = Schema<"Release">;

/** A release: both arms side by side, and how the verdict came about. */
export default function ReleasePage() {
  const { id = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/releases/{release_id}", { path: { release_id: id } });
  if (!data) {
    return (
      <Page title="Release" crumbs={[{ title: "Endpoints", to: "/releases" }]}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown release={data} />;
}

function Shown({ release }: { release: Release }) {
  const endpoint = useGet("/api/v1/endpoints/{ref}", { path: { ref: release.endpoint } });
  const name = useVersionNames(endpoint.data?.model);
  const links = useGet("/api/v1/links/{record_id}", { path: { record_id: release.id } });
  const canary = release.candidate !== null;
  const title = release.candidate ? `Canary of ${name(release.candidate)} on ${release.endpoint}` : `${name(release.champion)} on ${release.endpoint}`;
  return (
    <Page
      title={title}
      crumbs={[
        { title: "Endpoints", to: "/releases" },
        { title: release.endpoint, to: `/releases/endpoints/${encodeURIComponent(release.endpoint)}` },
      ]}
      badge={<StateBadge state={release.state} />}
      lead={<Reason text={release.reason} />}
      actions={
        release.candidate && release.state === "running" ? (
          <>
            <ByHandDialog release={release} way="rollback" candidate={name(release.candidate)} />
            <ByHandDialog release={release} way="promote" candidate={name(release.candidate)} />
          </>
        ) : undefined
      }
    >
      {canary && <Arms release={release} />}
      {canary && <Verdicts release={release} />}
      <Section title="About">
        <Facts
          facts={[
            ["endpoint", <EndpointLink key="endpoint" name={release.endpoint} />],
            ["champion", <RecordLink key="champion" id={release.champion} />],
            ["candidate", release.candidate ? <RecordLink key="candidate" id={release.candidate} /> : null],
            ["share of the candidate", canary ? percent(release.share, 0) : null],
            ["started", <span key="started"><By actor={release.started_by} />, <TimeAgo at={release.started_at} /></span>],
            ["ended", release.ended_at ? <TimeAgo key="ended" at={release.ended_at} /> : null],
            ["id", <IdLink key="id" id={release.id} copy />],
          ]}
        />
      </Section>
      {release.policy && <Policy policy={release.policy} />}
      {links.data && <Ties id={release.id} links={links.data} />}
    </Page>
  );
}

function Policy({ policy }: { policy: Schema<"CanaryPolicy"> }) {
  return (
    <Section title="The rule it is judged by" note="Fixed when it started; the same numbers always lead to the same verdict.">
      <Facts
        facts={[
          ["compared from", `${number(policy.min_matured)} known outcomes per arm`],
          ["a false claim, over its whole life", `at most ${percent(policy.alpha, 0)} likely`],
          ["may be worse by", `${number(policy.tolerance)} per prediction`],
          ["decided at the latest after", `${number(policy.max_days)} days of event time`],
          ["then promoted if better with", `${percent(policy.min_probability, 0)} or more`],
          ["rolled back at once on", `${policy.fuse_failures} failures in ${policy.fuse_answers} answers`],
        ]}
      />
      <Text size="sm" c="dimmed" mt="sm">
        It may be looked at as often as one likes: the interval stays valid.
      </Text>
    </Section>
  );
}
