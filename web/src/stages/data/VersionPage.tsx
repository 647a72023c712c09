import { Alert, Anchor, Button, Group, Stack, Tabs } from "@mantine/core";
import { IconAlertTriangle, IconArrowsDiff, IconRefresh } from "@tabler/icons-react";
import { Link, useParams } from "react-router";

import { api } from "~/api/client";
import { useGet, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { bytes, date, duration, number } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Facts, Figures, Page, Section } from "~/ui/Page";
import { CopyButton, IdLink, StateBadge, TimeAgo } from "~/ui/small";
import { useUrlState } from "~/ui/state";

import { RecordLink } from "../names";
import { Ties } from "../ties";
import { inWords } from "./checks";
import { Columns } from "./Columns";
import { Correlations } from "./Correlations";
import { Kept, Verify } from "./keeping/Kept";
import { ORDER, QualityReport } from "./QualityReport";
import { Rows } from "./Rows";
import { Query } from "./sources/Query";
import { DeltaPlace, Downloads, Stored } from "./Stored";

type Version = Schema<"DataVersion">;
const HOW: Record<Version["mode"], string> = {
  full: "the whole table was given",
  append: "rows were appended",
  delta: "new, changed and removed rows were given",
  rebase: "files with many hidden rows were written anew",
};
const SHOWN = 3; // broken checks told at the top

/** A data version: what is in it, what its checks found, what came of it. */
export default function VersionPage() {
  const { ref = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/data-versions/{ref}", { path: { ref } });
  if (!data) {
    return (
      <Page title="Data version" crumbs={[{ title: "Datasets", to: "/data" }]}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown version={data} />;
}

function Shown({ version }: { version: Version }) {
  const path = { path: { ref: version.id } };
  const dataset = useGet("/api/v1/datasets/{ref}", { path: { ref: version.dataset_id } });
  const report = useGet("/api/v1/data-versions/{ref}/quality", path);
  const links = useGet("/api/v1/links/{record_id}", { path: { record_id: version.id } });
  const [view, setView] = useUrlState({ tab: "columns" });
  const recheck = useSend(() => api.POST("/api/v1/data-versions/{ref}/quality", { params: path }), { onDone: () => setView({ tab: "checks" }) });
  const name = `${version.dataset}@v${version.number}`;
  return (
    <Page
      title={name}
      crumbs={[{ title: "Datasets", to: "/data" }, { title: version.dataset, to: `/data/${version.dataset_id}` }]}
      badge={<StateBadge state={version.quality} />}
      lead={version.note || undefined}
      actions={
        <Group gap="xs">
          {version.parent && (
            <Button
              component={Link}
              variant="default"
              leftSection={<IconArrowsDiff size={16} aria-hidden />}
              to={`/data/diff?before=${version.parent}&after=${version.id}`}
            >
              What changed
            </Button>
          )}
          <Button variant="light" leftSection={<IconRefresh size={16} aria-hidden />} loading={recheck.isPending} onClick={() => recheck.mutate(undefined)}>
            Run the checks again
          </Button>
        </Group>
      }
    >
      {recheck.isError && <ErrorNotice error={recheck.error} />}
      {version.dropped_at && (
        <Alert color="quince" icon={<IconAlertTriangle size={20} aria-hidden />} title={`Dropped on ${date(version.dropped_at)} by ${version.dropped_by}`}>
          Nothing needed it any more, so its rows are gone. Its number and digest stay.
        </Alert>
      )}
      {version.quality !== "green" && report.data && <Wrong report={report.data} onShow={() => setView({ tab: "checks" })} />}
      <Figures
        figures={[
          { label: "Rows", value: number(version.rows), note: bytes(version.size) },
          { label: "Added", value: `+${number(version.rows_added)}`, note: version.mode === "append" ? "appended" : "against the version before" },
          { label: "Removed · changed", value: `${number(version.rows_removed)} · ${number(version.rows_changed)}`, note: "against the version before" },
          {
            label: "Event time",
            value: version.until ? date(version.until) : "–",
            note: version.since ? `from ${date(version.since)}` : "no time column",
          },
        ]}
      />
      <Tabs value={view.tab} onChange={(tab) => setView({ tab: tab ?? "columns" })} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="columns">{`Columns (${version.schema.length})`}</Tabs.Tab>
          <Tabs.Tab value="checks">{`Checks (${report.data?.results.length ?? 0})`}</Tabs.Tab>
          <Tabs.Tab value="rows">First rows</Tabs.Tab>
          <Tabs.Tab value="about">Identity and files</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="columns">
          <ProfileTab version={version} dataset={dataset.data} />
        </Tabs.Panel>
        <Tabs.Panel value="checks">
          <ChecksTab report={report.data} error={report.error} datasetId={version.dataset_id} />
        </Tabs.Panel>
        <Tabs.Panel value="rows">
          <PreviewTab version={version} />
        </Tabs.Panel>
        <Tabs.Panel value="about">
          <Stack gap="lg">
            {version.origin && <Origin origin={version.origin} />}
            <Identity version={version} />
            {!version.dropped_at && <Verify of={version.id} />}
            <Stored version={version} />
            <DeltaPlace version={version} />
          </Stack>
        </Tabs.Panel>
      </Tabs>
      <Kept version={version} />
      {links.data && <Ties id={version.id} links={links.data} />}
      <Downloads version={version} />
      <Section title="Read it">
        <Snippet
          sdk={`import pomona\n\nframe = pomona.connect().data.version("${name}").to_polars()  # or .to_pandas(), .to_arrow()`}
          cli={`pomona data read ${name} --to ${version.dataset.replaceAll("/", "-")}.parquet`}
        />
      </Section>
    </Page>
  );
}

function Wrong({ report, onShow }: { report: Schema<"QualityReport">; onShow: () => void }) {
  const broken = [...report.results].sort((a, b) => ORDER[a.quality] - ORDER[b.quality]).filter((result) => result.quality !== "green");
  const more = broken.length - SHOWN;
  const fails = report.quality !== "warn";
  const titles = {
    critical: "This version is quarantined: it is not the latest, and nothing is trained on it without a reason",
    fail: "This version fails its checks: nothing is trained on it without a reason",
    warn: "A check warns about this version",
    green: "",
  };
  return (
    <Alert
      color={fails ? "pomegranate" : "quince"}
      icon={<IconAlertTriangle size={20} aria-hidden />}
      title={titles[report.quality]}
    >
      <Group gap="xs">
        {broken.slice(0, SHOWN).map((result) => `Not true: ${inWords(result.check)} (${result.detail}).`).join(" ")}
        {more > 0 && ` And ${number(more)} more.`}
        <Anchor component="button" type="button" size="sm" c="inherit" underline="always" onClick={onShow}>
          Look at the rows
        </Anchor>
      </Group>
    </Alert>
  );
}

function ProfileTab({ version, dataset }: { version: Version; dataset: Schema<"Dataset"> | undefined }) {
  const profile = useGet("/api/v1/data-versions/{ref}/profile", { path: { ref: version.id } }, { immutable: true });
  if (profile.error) return <ErrorNotice error={profile.error} retry={() => void profile.refetch()} />;
  if (!profile.data) return <Loading lines={8} />;
  return (
    <Stack gap="xl">
      <Columns profile={profile.data} version={version} dataset={dataset} />
      {profile.data.correlations && <Correlations correlations={profile.data.correlations} />}
    </Stack>
  );
}

function ChecksTab({ report, error, datasetId }: { report: Schema<"QualityReport"> | undefined; error: unknown; datasetId: string }) {
  if (error) return <ErrorNotice error={error} />;
  if (!report) return <Loading />;
  if (report.results.length > 0) return <QualityReport report={report} version={report.version} />;
  return (
    <EmptyState title="Nothing was checked">
      <Anchor component={Link} to={`/data/${datasetId}`}>
        Declare on the dataset
      </Anchor>{" "}
      what must be true; then run the checks again.
    </EmptyState>
  );
}

function PreviewTab({ version }: { version: Version }) {
  const { data, error } = useGet("/api/v1/data-versions/{ref}/preview", { path: { ref: version.id }, query: { limit: 50 } }, { immutable: true });
  if (error) return <ErrorNotice error={error} />;
  if (!data) return <Loading lines={8} />;
  return data.length > 0 ? <Rows rows={data} label="First rows" /> : <EmptyState title="This version has no rows" />;
}

/** The question asked of a source, if the rows came from one. */
function Origin({ origin }: { origin: Schema<"Origin"> }) {
  return (
    <Section title={`Taken from ${origin.source_name}`}>
      <Stack>
        <Facts
          facts={[
            ["source", <RecordLink key="source" id={origin.source} />],
            ["rows read", `${number(origin.rows)} in ${duration(origin.seconds)}`],
            ["source as of", origin.snapshot_at ? <TimeAgo key="at" at={origin.snapshot_at} /> : null],
            ["up to", origin.cursor ? `${origin.cursor.column} ${origin.cursor.value}` : null],
            ["extraction", origin.job ? <IdLink key="job" id={origin.job} /> : null],
          ]}
        />
        <Query text={origin.query} parameters={origin.parameters} />
      </Stack>
    </Section>
  );
}

function Identity({ version }: { version: Version }) {
  return (
    <Section title="What makes it this version and no other" note="The digest is the BLAKE3 root over the schema and the files below.">
      <Facts
        facts={[
          ["digest", <Group key="digest" gap={4} wrap="nowrap"><code>{version.digest.slice(0, 24)}…</code><CopyButton value={version.digest} what="digest" /></Group>],
          ["id", <IdLink key="id" id={version.id} copy />],
          ["source as of", <TimeAgo key="as-of" at={version.as_of} />],
          ["committed", <span key="at">{version.created_by}, <TimeAgo at={version.created_at} /></span>],
          ["how", HOW[version.mode]],
        ]}
      />
    </Section>
  );
}
