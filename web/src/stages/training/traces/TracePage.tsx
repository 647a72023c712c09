import { Alert, Anchor, Code, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Link, useParams } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { dateTime, number } from "~/ui/format";
import { shortId } from "~/ui/links";
import { ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Facts, Page, Section } from "~/ui/Page";
import { CopyButton, IdLink, TimeAgo } from "~/ui/small";
import { useUrlState } from "~/ui/state";

import { RecordLink } from "../../names";
import { Pairs } from "../Pairs";
import { quoted } from "../runs/query";
import { Assessments } from "./Assessments";
import { TraceState } from "./columns";
import { SESSION, USER } from "./grammar";
import { SpanPanel } from "./SpanPanel";
import classes from "./traces.module.css";
import { span as time } from "./tree";
import { Waterfall } from "./Waterfall";

type Detail = Schema<"TraceDetail">;

const CRUMBS = [
  { title: "Training", to: "/training" },
  { title: "Traces", to: "/training/traces" },
];

/** One trace: what was called when, what went in and came out, what was judged of it. */
export default function TracePage() {
  const { id = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/traces/{trace_id}", { path: { trace_id: id } }, { refetchInterval: 10_000 });
  if (!data) {
    return (
      <Page title="Trace" crumbs={CRUMBS}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown key={data.trace.id} detail={data} />;
}

function Shown({ detail }: { detail: Detail }) {
  const { trace, spans } = detail;
  const [view, setView] = useUrlState({ span: "" });
  const chosen = spans.find((line) => line.span_id === view.span) ?? spans[0];
  return (
    <Page title={trace.name || trace.id.slice(0, 11)} crumbs={CRUMBS} badge={<TraceState state={trace.state} />}>
      {!detail.whole && (
        <Alert color="quince" icon={<IconAlertTriangle size={18} aria-hidden />} title="Some of its spans are not here yet">
          Its client said it made more than {number(spans.length)}. They are shown as soon as they come.
        </Alert>
      )}
      <Section title="About">
        <About detail={detail} />
      </Section>
      <Section title="What happened when">
        {chosen ? (
          <div className={classes.split}>
            <Waterfall lines={spans} length={detail.length_ms} chosen={chosen.span_id} onChoose={(span) => setView({ span })} />
            <SpanPanel trace={trace.id} span={chosen.span_id} />
          </div>
        ) : (
          <Text c="dimmed">No span of it was sent.</Text>
        )}
      </Section>
      <Assessments trace={trace.id} items={trace.assessments} spans={spans} chosen={chosen} />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Section title="Tags">{Object.keys(trace.tags).length > 0 ? <Pairs pairs={trace.tags} label="Tags" /> : <Text c="dimmed">It has none.</Text>}</Section>
        <Section title="Where it comes from">
          <Pairs pairs={rest(trace.metadata)} label="Metadata" />
        </Section>
      </SimpleGrid>
      <Section title="The same from a terminal or a notebook">
        <Snippet
          cli={`pomona traces show ${trace.id}`}
          sdk={`import pomona\n\npom = pomona.connect()\ntrace = pom.traces.get("${trace.id}")\npom.traces.spans(trace="${trace.id}").to_polars()`}
        />
      </Section>
    </Page>
  );
}

const SHOWN = /^mlflow\.(trace(Inputs|Outputs|_schema.*)?|trace\.(tokenUsage|cost|session|user|infoFinalized|sizeStats)|sourceRun|modelId)$/;

/** Metadata that is not shown elsewhere on the page. */
function rest(metadata: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([key, value]) => value !== "" && !SHOWN.test(key)));
}

function About({ detail }: { detail: Detail }) {
  const { trace } = detail;
  const { data: versions = [] } = useGet("/api/v1/traces/{trace_id}/model-versions", { path: { trace_id: trace.id } }, { enabled: trace.model !== null });
  const filtered = (filter: string) => `/training/traces?${new URLSearchParams({ filter })}`;
  const like = (field: string, value: string) => (
    <Anchor component={Link} to={filtered(`${field} = ${quoted(value)}`)} inherit>
      {value}
    </Anchor>
  );
  return (
    <Facts
      facts={[
        ["experiment", <Anchor key="experiment" component={Link} inherit to={`/training/traces?${new URLSearchParams({ experiment: detail.experiment_name })}`}>{detail.experiment_name}</Anchor>],
        ["run", detail.runs.length > 0 ? <Group key="run" gap={6}>{detail.runs.map((run) => <RecordLink key={run} id={run} />)}</Group> : null],
        ["model version", versions.length > 0 ? <Group key="version" gap={6}>{versions.map((version) => <RecordLink key={version.id} id={version.id} />)}</Group> : null],
        ["model", trace.model && versions.length === 0 ? <IdLink key="model" id={trace.model} copy /> : null],
        ["prompts", detail.prompts.length > 0 ? <Stack key="prompts" gap={0}>{detail.prompts.map((prompt) => <Anchor key={prompt} component={Link} inherit to={`/registry/prompts/${encodeURIComponent(prompt.split("/")[0]!)}`}>{prompt.replace("/", " v")}</Anchor>)}</Stack> : null],
        ["started", <span key="started" title={dateTime(trace.started_at)}><TimeAgo at={trace.started_at} /></span>],
        ["took", trace.duration_ms === null ? "not ended yet" : time(trace.duration_ms)],
        ["tokens", trace.tokens ? `${number(trace.tokens.total)} (${number(trace.tokens.input)} read, ${number(trace.tokens.output)} written)` : null],
        ["cost", trace.cost_usd === null ? null : `$${number(trace.cost_usd)}`],
        ["session", trace.session && like(SESSION, trace.session)],
        ["user", trace.user && like(USER, trace.user)],
        ["id", <Group key="id" gap={2} wrap="nowrap"><Code>{shortId(trace.id)}</Code><CopyButton value={trace.id} what="id" /></Group>],
      ]}
    />
  );
}
