import { Alert, Anchor, Button, Group, Progress, Stack, Text, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconDownload, IconPlugConnected } from "@tabler/icons-react";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { api } from "~/api/client";
import { useGet, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { duration, number } from "~/ui/format";
import { Confirm, EmptyState, ErrorNotice, Loading } from "~/ui/notices";
import { Facts, Page, Section } from "~/ui/Page";
import { IdLink, None, StateBadge, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { tookText } from "../../loop/JobsPage";
import { FeedDialog } from "./FeedDialog";
import { Answered } from "./Sampled";
import { Query } from "./Query";

type Detail = Schema<"SourceDetail">;
type Job = Schema<"Job">;
type Made = Schema<"SourceVersion">;
const ASK_EVERY_MS = 2_000; // progress is no event
const CRUMBS = [{ title: "Data", to: "/data" }, { title: "Sources", to: "/data/sources" }];

const JOBS: Column<Job>[] = [
  { id: "at", title: "Extraction", width: 150, cell: (row) => <TimeAgo at={row.created_at} /> },
  { id: "state", title: "State", width: 110, cell: (row) => <StateBadge state={row.state} /> },
  { id: "took", title: "Took", width: 100, align: "right", cell: (row) => tookText(row) ?? <None why="not ended" /> },
  { id: "note", title: "What it came to", width: 300, grow: true, cell: (row) => <span title={row.error ?? row.note}>{row.error ?? row.note}</span> },
];
const VERSIONS: Column<Made>[] = [
  { id: "version", title: "Version", width: 150, cell: (row) => `${row.dataset}@v${row.number}` },
  { id: "made", title: "Made", width: 130, cell: (row) => <TimeAgo at={row.created_at} /> },
  { id: "read", title: "Read", width: 100, align: "right", cell: (row) => number(row.origin.rows) },
  { id: "took", title: "In", width: 90, align: "right", cell: (row) => duration(row.origin.seconds) },
  { id: "rows", title: "Rows", width: 100, align: "right", cell: (row) => number(row.rows) },
  { id: "changes", title: "Added · changed · removed", width: 190, align: "right", cell: (row) => `${number(row.rows_added)} · ${number(row.rows_changed)} · ${number(row.rows_removed)}` },
  { id: "upto", title: "Up to", width: 150, grow: true, cell: (row) => (row.origin.cursor ? `${row.origin.cursor.column} ${row.origin.cursor.value}` : <None why="no cursor" />) },
  { id: "quality", title: "Quality", width: 110, cell: (row) => <StateBadge state={row.quality} /> },
];

/** A source: what is taken from it, how extractions went, which versions they made. */
export default function SourcePage() {
  const { ref = "" } = useParams();
  const found = useGet("/api/v1/sources/{ref}", { path: { ref } });
  const kinds = useGet("/api/v1/source-kinds", {}, { immutable: true });
  if (!found.data) {
    return (
      <Page title="Source" crumbs={CRUMBS}>
        {found.isPending ? <Loading lines={8} /> : <ErrorNotice error={found.error} retry={() => void found.refetch()} />}
      </Page>
    );
  }
  const kind = kinds.data?.find((one) => one.name === found.data.state.source.kind);
  return <Shown detail={found.data} takes={kind?.takes ?? "sql"} />;
}

function Shown({ detail, takes }: { detail: Detail; takes: string }) {
  const { source, feeds, last: known } = detail.state;
  const open = known?.state === "running" || known?.state === "queued";
  const live = useGet("/api/v1/jobs/{job_id}", { path: { job_id: known?.id ?? "" } }, { enabled: open, refetchInterval: ASK_EVERY_MS });
  const last = open ? (live.data ?? known) : known;
  const navigate = useNavigate();
  const ref = { params: { path: { ref: source.id } } };
  const test = useSend(() => api.POST("/api/v1/sources/{ref}/test", ref));
  const extract = useSend(() => api.POST("/api/v1/sources/{ref}/extractions", { ...ref, body: {} }));
  const remove = useSend(() => api.DELETE("/api/v1/sources/{ref}", ref), { onDone: () => void navigate("/data/sources") });
  const failed = [test, extract, remove].find((one) => one.isError)?.error;
  const runs = last?.state === "running" || last?.state === "queued";
  return (
    <Page
      title={source.name}
      crumbs={CRUMBS}
      badge={last ? <StateBadge state={last.state} /> : undefined}
      lead={source.purpose || undefined}
      actions={
        <>
          <Button variant="default" leftSection={<IconPlugConnected size={16} aria-hidden />} loading={test.isPending} onClick={() => test.mutate(undefined)}>
            Test
          </Button>
          <Button leftSection={<IconDownload size={16} aria-hidden />} loading={extract.isPending} disabled={feeds.length === 0 || runs} onClick={() => extract.mutate(undefined)}>
            Extract now
          </Button>
          <Confirm label="Forget it" title={`Forget ${source.name}?`} danger busy={remove.isPending} onConfirm={() => remove.mutate(undefined)}>
            Nothing more is taken from it. The versions it made stay, with the question they answer.
          </Confirm>
        </>
      }
    >
      {failed && <ErrorNotice error={failed} />}
      {test.data && !test.isError && <Answered tested={test.data} />}
      {runs && last && (
        <Stack gap={4}>
          <Progress value={last.progress * 100} size="lg" animated aria-label="Progress of the extraction" />
          <Text size="sm" c="dimmed" aria-live="polite">
            {last.note || "It waits for a worker."}
          </Text>
        </Stack>
      )}
      {last?.error && (last.state === "failed" || last.state === "queued") && (
        <Alert color="pomegranate" icon={<IconAlertTriangle size={20} aria-hidden />} title={last.error} role="alert">
          {last.state === "queued" ? `It is tried again by itself. ${last.hint ?? ""}` : last.hint}
        </Alert>
      )}
      <Section title="What is taken" actions={<FeedDialog source={source} takes={takes} />}>
        {feeds.length > 0 ? (
          <Stack>
            {feeds.map((feed) => (
              <Taken key={feed.id} source={source.id} feed={feed} />
            ))}
          </Stack>
        ) : (
          <Text c="dimmed">Nothing yet: choose a table or write a query, and the dataset it goes into.</Text>
        )}
      </Section>
      <Section title="Versions it made">
        <Table id="source-versions" label="Versions" columns={VERSIONS} rows={detail.versions} rowId={(row) => row.id} href={(row) => `/data/versions/${row.id}`} empty={<EmptyState title="No version yet">Extract now, or set times.</EmptyState>} />
      </Section>
      <Section title="Extractions">
        <Table id="source-jobs" label="Extractions" columns={JOBS} rows={detail.jobs} rowId={(row) => row.id} href={(row) => `/loop/jobs/${row.id}`} empty={<Text c="dimmed">None yet.</Text>} />
      </Section>
      <Times detail={detail} />
      <Section title="About">
        <Facts
          facts={[
            ["kind", source.kind],
            ["where", <code key="where">{source.location}</code>],
            ["credentials", source.credentials ? <code key="credentials">{source.credentials}</code> : "none"],
            ["options", Object.entries(source.options).map(([name, value]) => `${name} ${value}`).join(", ") || null],
            ["owner", source.owner || null],
            ["added", <span key="added">{`${source.created_by}, `}<TimeAgo at={source.created_at} /></span>],
            ["id", <IdLink key="id" id={source.id} copy />],
          ]}
        />
      </Section>
    </Page>
  );
}

function Taken({ source, feed }: { source: string; feed: Schema<"Feed"> }) {
  const drop = useSend(() => api.DELETE("/api/v1/sources/{ref}/feeds/{dataset}", { params: { path: { ref: source, dataset: feed.dataset_id } } }));
  const how = { full: "everything each time", append: "new rows", delta: "new and changed rows" }[feed.mode];
  return (
    <div>
      <Group justify="space-between">
        <Text component="div">
          {"into "}
          <Anchor component={Link} to={`/data/${feed.dataset_id}`}>
            {feed.dataset}
          </Anchor>
          {`: ${how}${feed.cursor ? `, by ${feed.cursor}` : ""}${feed.overlap ? `, looking back ${number(feed.overlap)}` : ""}`}
        </Text>
        <Confirm label="Stop" title={`Take nothing more into ${feed.dataset}?`} danger busy={drop.isPending} onConfirm={() => drop.mutate(undefined)}>
          Its versions stay.
        </Confirm>
      </Group>
      {drop.isError && <ErrorNotice error={drop.error} />}
      <Query text={feed.query ?? feed.table ?? "all of it"} parameters={feed.parameters} />
    </div>
  );
}

function Times({ detail }: { detail: Detail }) {
  const { source, cron, next_at } = detail.state;
  const [typed, type] = useState(cron ?? "");
  const save = useSend((wanted: string | null) => api.PUT("/api/v1/sources/{ref}/schedule", { params: { path: { ref: source.id } }, body: { cron: wanted } }));
  return (
    <Section title="When it is read by itself" note={next_at ? <>next: <TimeAgo at={next_at} /></> : "Only when somebody asks."}>
      <Group align="flex-end">
        <TextInput label="Times" description="cron: minute hour day month weekday, UTC" placeholder="0 3 * * *" value={typed} onChange={(event) => type(event.currentTarget.value)} />
        <Button variant="light" loading={save.isPending} disabled={typed.trim() === (cron ?? "")} onClick={() => save.mutate(typed.trim() || null)}>
          {typed.trim() === "" ? "Only when somebody asks" : "Set the times"}
        </Button>
      </Group>
      {save.isError && <ErrorNotice error={save.error} />}
    </Section>
  );
}
