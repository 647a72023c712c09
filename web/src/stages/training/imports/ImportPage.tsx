import { Alert, Button, Group, Progress, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconPlayerPlay, IconRefresh } from "@tabler/icons-react";
import { useNavigate, useParams } from "react-router";

import { api } from "~/api/client";
import { useGet, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { bytes, duration, number } from "~/ui/format";
import { Confirm, EmptyState, ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Facts, Figures, Page, Section } from "~/ui/Page";
import { IdLink, StateBadge, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { By } from "../../names";
import { commandOf, totals } from "./words";

type Import = Schema<"Import">;
type Taken = Schema<"ExperimentTaken">;
const ASK_EVERY_MS = 1_000; // progress is no event
const CRUMBS = [{ title: "Training", to: "/training" }, { title: "Import", to: "/training/imports" }];

const COLUMNS: Column<Taken>[] = [
  { id: "name", title: "Experiment", width: 240, grow: true, cell: (row) => row.name },
  { id: "runs", title: "Runs there", width: 110, align: "right", cell: (row) => number(row.runs) },
  { id: "new", title: "New", width: 90, align: "right", cell: (row) => number(row.new) },
  { id: "changed", title: "Changed", width: 100, align: "right", cell: (row) => number(row.changed) },
  { id: "points", title: "Metric values", width: 130, align: "right", cell: (row) => number(row.points) },
  { id: "models", title: "Models", width: 90, align: "right", cell: (row) => number(row.models) },
  { id: "traces", title: "Traces", width: 90, align: "right", cell: (row) => number(row.traces) },
  { id: "files", title: "Files", width: 90, align: "right", cell: (row) => number(row.files) },
  { id: "bytes", title: "Size", width: 110, align: "right", cell: (row) => bytes(row.bytes) },
];

/** An import: how far it is, what came of it, what stayed behind. */
export default function ImportPage() {
  const { id = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/imports/{job_id}", { path: { job_id: id } }, { refetchInterval: ASK_EVERY_MS });
  if (!data) {
    return (
      <Page title="Import" crumbs={CRUMBS}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown taking={data} />;
}

function Shown({ taking }: { taking: Import }) {
  const navigate = useNavigate();
  const { request, report, state } = taking;
  const job = { params: { path: { job_id: taking.id } } };
  const stop = useSend(() => api.POST("/api/v1/jobs/{job_id}/cancel", job));
  const resume = useSend(() => api.POST("/api/v1/jobs/{job_id}/retry", job));
  const again = useSend(() => api.POST("/api/v1/imports", { body: request }), { onDone: (made) => void navigate(`/training/imports/${made.id}`) });
  const failed = [stop, resume, again].find((one) => one.isError)?.error;
  const open = state === "queued" || state === "running";
  return (
    <Page
      title={titleOf(request.origin)}
      crumbs={CRUMBS}
      badge={<StateBadge state={state} {...(state === "cancelled" && { label: "stopped" })} />}
      lead={!open && taking.note ? taking.note : undefined}
      actions={
        <>
          {open && (
            <Confirm label="Stop" title="Stop this import?" danger busy={stop.isPending} onConfirm={() => stop.mutate(undefined)}>
              What has come over stays; it can go on later from where it stood.
            </Confirm>
          )}
          {(state === "failed" || state === "cancelled" || state === "parked") && (
            <Button leftSection={<IconPlayerPlay size={16} aria-hidden />} loading={resume.isPending} onClick={() => resume.mutate(undefined)}>
              Go on
            </Button>
          )}
          {state === "done" && (
            <Button variant="default" leftSection={<IconRefresh size={16} aria-hidden />} loading={again.isPending} onClick={() => again.mutate(undefined)}>
              Take what is new
            </Button>
          )}
        </>
      }
    >
      {failed && <ErrorNotice error={failed} />}
      {taking.error && (
        <Alert color="pomegranate" icon={<IconAlertTriangle size={20} aria-hidden />} title={taking.error} role="alert">
          {state === "queued" ? `It is tried again by itself. ${taking.hint ?? ""}` : taking.hint}
        </Alert>
      )}
      {!report && (
        <Section title="How far it is">
          <Stack gap={6}>
            <Progress value={taking.progress * 100} size="lg" color={state === "failed" ? "pomegranate" : "leaf"} animated={state === "running"} aria-label="Progress of the import" />
            <Group justify="space-between">
              <Text size="sm" c="dimmed" aria-live="polite">{taking.note || "It waits for a worker."}</Text>
              <Text size="sm" c="dimmed">{`${Math.floor(taking.progress * 100)} %`}</Text>
            </Group>
          </Stack>
        </Section>
      )}
      {report && <Report report={report} />}
      <Section title="About">
        <Facts
          facts={[
            ["from", <code key="from">{request.origin}</code>],
            ["credentials", request.credentials ? <code key="credentials">{request.credentials}</code> : null],
            ["experiments", request.experiments.join(", ") || "all"],
            ["files", request.files === "copy" ? "come along" : "stay there"],
            ["artifacts lie in", request.artifacts ? <code key="artifacts">{request.artifacts}</code> : null],
            ["pickles may come in, because", request.trust],
            ["begun", <span key="at"><By actor={taking.actor} />, <TimeAgo at={taking.created_at} /></span>],
            ["job", <IdLink key="job" id={taking.id} copy />],
          ]}
        />
      </Section>
      <Section title="The same from a terminal">
        <Snippet cli={commandOf({ ...request, credentials: request.credentials ?? "", artifacts: request.artifacts ?? "", trust: request.trust ?? "" })} />
      </Section>
    </Page>
  );
}

/** "From mlflow.db", "From mlflow.example": where it came from, short enough for a title. */
function titleOf(origin: string): string {
  const rest = origin.replace(/^[a-z+]+:\/\//, "").replace(/[?#].*$/, "");
  return `From ${(origin.startsWith("sqlite") || !origin.includes("://") ? rest.split("/").filter(Boolean).at(-1) : rest.split("@").at(-1)) ?? origin}`;
}

function Report({ report }: { report: Schema<"ImportReport"> }) {
  const all = totals(report);
  return (
    <>
      <Figures
        figures={[
          { label: "new runs", value: number(all.fresh), note: `${number(all.changed)} changed, in ${duration(report.seconds)}` },
          { label: "metric values", value: number(all.points) },
          { label: "files", value: number(all.files), note: bytes(all.bytes) },
          { label: "model versions", value: number(report.registry.versions), note: `of ${number(report.registry.models)} registered models` },
          { label: "traces", value: number(all.traces), note: `${number(report.evaluations.datasets)} evaluation dataset${report.evaluations.datasets === 1 ? "" : "s"} of ${number(report.evaluations.rows)} rows` },
          { label: "prompt versions", value: number(report.registry.prompt_versions), note: `${number(report.registry.webhooks)} webhook${report.registry.webhooks === 1 ? "" : "s"}, disabled` },
        ]}
      />
      <Section title="What came over">
        <Table id="import-taken" label="Experiments taken over" columns={COLUMNS} rows={report.experiments} rowId={(row) => row.id} href={(row) => `/training?experiment=${encodeURIComponent(row.name)}`} maxHeight="28rem" empty={<EmptyState title="No experiment was taken" />} />
      </Section>
      <Section title="What stayed behind">
        {report.skipped.length === 0 ? (
          <Text c="dimmed">Nothing of what imports take over.</Text>
        ) : (
          <Stack gap="sm">
            {report.skipped.map((one) => (
              <div key={one.reason}>
                <Text>
                  <Text span fw={600}>{number(one.count)}</Text>
                  {` · ${one.reason}`}
                </Text>
                <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>{`such as ${one.examples.join(", ")}`}</Text>
              </div>
            ))}
          </Stack>
        )}
      </Section>
    </>
  );
}

