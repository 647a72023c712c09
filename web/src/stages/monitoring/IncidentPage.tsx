import { Group, Stack, Text } from "@mantine/core";
import { useParams } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { date } from "~/ui/format";
import { ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Facts, Page, Section } from "~/ui/Page";
import { IdLink, None, StateBadge, TimeAgo } from "~/ui/small";

import { ReactionCard } from "../loop/ReactionCard";
import { Reason, RecordLink } from "../names";
import { EndpointLink } from "../releases/EndpointLink";
import { TraceLink } from "../ties";
import { AcknowledgeDialog } from "./AcknowledgeDialog";
import classes from "./monitoring.module.css";
import { spanText, STATE_WORDS } from "./words";

type Incident = Schema<"Incident">;

/** An incident: what crossed its threshold, since when, and what the loop did about it. */
export default function IncidentPage() {
  const { id = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/incidents/{incident_id}", { path: { incident_id: id } });
  if (!data) {
    return (
      <Page title="Incident" crumbs={[{ title: "Incidents", to: "/monitoring/incidents" }]}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown incident={data} />;
}

function Shown({ incident }: { incident: Incident }) {
  return (
    <Page
      title={`${incident.kind === "drift" ? "Drift" : "Quality"} of ${incident.endpoint}`}
      crumbs={[
        { title: "Monitors", to: "/monitoring" },
        { title: "Incidents", to: "/monitoring/incidents" },
      ]}
      badge={<StateBadge state={incident.state} tone={incident.state === "open" ? "bad" : "good"} />}
      lead={incident.summary}
      actions={incident.state === "open" && incident.acknowledged_at === null ? <AcknowledgeDialog incident={incident} /> : undefined}
    >
      <Section title="What happened" actions={<TraceLink id={incident.id} />}>
        <Facts
          facts={[
            ["endpoint", <EndpointLink key="endpoint" name={incident.endpoint} />],
            ["champion then", <RecordLink key="model" id={incident.model_version} />],
            ["since", `${date(incident.since)} (event time)`],
            ["opened", <TimeAgo key="opened" at={incident.opened_at} />],
            ["seen", incident.acknowledged_at ? <span key="seen">{`${incident.acknowledged_by}, `}<TimeAgo at={incident.acknowledged_at} /></span> : <None key="seen" why="by nobody yet" />],
            ["note", incident.note || null],
            ["closed", incident.closed_at ? <TimeAgo key="closed" at={incident.closed_at} /> : null],
            ["because", <Reason key="because" text={incident.close_reason} />],
            ["id", <IdLink key="id" id={incident.id} copy />],
          ]}
        />
      </Section>
      <Section title="What the loop did about it" note="Each trigger that heard of it says whether it acted, and why.">
        <Reactions incident={incident} />
      </Section>
      <Section title="The windows that alarmed" note="Oldest first.">
        <ol className={classes.windows}>
          {incident.windows.map((id) => (
            <AlarmedWindow key={id} id={id} />
          ))}
        </ol>
      </Section>
    </Page>
  );
}

function Reactions({ incident }: { incident: Incident }) {
  const links = useGet("/api/v1/links/{record_id}", { path: { record_id: incident.id } });
  if (links.isPending) return <Loading lines={3} />;
  if (links.error) return <ErrorNotice error={links.error} />;
  const caused = links.data.filter((link) => link.source === incident.id && link.relation === "caused").map((link) => link.target);
  if (caused.length === 0) {
    return (
      <Stack gap="xs">
        <Text c="dimmed">{`No trigger listens to ${incident.kind} here. One line lets the loop answer by itself:`}</Text>
        <Snippet cli={`pomona loop trigger on-${incident.kind} --endpoint ${incident.endpoint} --kind ${incident.kind} --entry ENTRY --label LABEL`} />
      </Stack>
    );
  }
  return (
    <Stack>
      {caused.map((id) => (
        <ReactionCard key={id} id={id} />
      ))}
    </Stack>
  );
}

function AlarmedWindow({ id }: { id: string }) {
  const { data } = useGet("/api/v1/windows/{window_id}", { path: { window_id: id } }, { immutable: true });
  return (
    <li>
      <Group gap="xs">
        <IdLink id={id} {...(data && { label: spanText(data) })} />
        {data && <StateBadge state={data.state} label={STATE_WORDS[data.state]} />}
      </Group>
      {data && <Text size="sm">{data.summary}</Text>}
    </li>
  );
}
