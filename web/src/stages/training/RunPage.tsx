import { Alert, Code, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useParams } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Facts, Page, Section } from "~/ui/Page";
import { CopyButton, IdLink, None, StateBadge, TimeAgo } from "~/ui/small";

import { RecordLink } from "../names";
import { Ties } from "../ties";
import { Artifacts } from "./Artifacts";
import { Changes } from "./code/Changes";
import { codeLine } from "./code/patch";
import { Metrics } from "./Metrics";
import { Models } from "./Models";
import { Note, NOTE } from "./Note";
import { Pairs } from "./Pairs";
import { took } from "./runs/columns";
import { TracesOfRun } from "./traces/OfRun";
import classes from "./training.module.css";

type Detail = Schema<"RunDetail">;

/** A run: what it measured, what it learned from, what it left behind. */
export default function RunPage() {
  const { id = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/runs/{run_id}", { path: { run_id: id } }, { refetchInterval: 15_000 });
  if (!data) {
    return (
      <Page title="Run" crumbs={[{ title: "Runs", to: "/training" }]}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown detail={data} />;
}

function Shown({ detail }: { detail: Detail }) {
  const { run } = detail;
  const hasMetrics = Object.keys(run.metrics).length > 0;
  const hasParams = Object.keys(run.params).length > 0;
  const experiment = `/training?${new URLSearchParams({ experiment: detail.experiment_name })}`;
  return (
    <Page
      title={run.name || run.id.slice(0, 8)}
      crumbs={[
        { title: "Runs", to: "/training" },
        { title: detail.experiment_name, to: experiment },
      ]}
      badge={<StateBadge state={run.status} />}
    >
      {detail.error && <Failed error={detail.error} />}
      <Section title="About">
        <Facts
          facts={[
            ["hypothesis", run.hypothesis ? <RecordLink key="hypothesis" id={run.hypothesis} /> : <None key="hypothesis" why="tests no hypothesis" />],
            ["started", <TimeAgo key="started" at={run.started_at} />],
            ["took", took(run) ?? "not ended yet"],
            ["ran on", ranOn(detail)],
            ["cost", detail.cost ? `${detail.cost.amount} ${detail.cost.currency} (${detail.cost.per_hour} an hour of ${detail.cost.resource})` : null],
            ["by", run.user || <None key="user" why="unknown" />],
            ["training entry", detail.entry ? <RecordLink key="entry" id={detail.entry} /> : null],
            ["id", <IdLink key="id" id={run.id} copy />],
          ]}
        />
      </Section>
      <Note run={run} />
      <Section title="Metrics">{hasMetrics ? <Metrics run={run} /> : <Text c="dimmed">{run.status === "RUNNING" ? "Nothing measured yet." : "It measured nothing."}</Text>}</Section>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Section title="Learned from">
          <Inputs inputs={detail.inputs} />
        </Section>
        <Section title="Parameters">{hasParams ? <Pairs pairs={run.params} label="Parameters" /> : <Text c="dimmed">None were logged.</Text>}</Section>
      </SimpleGrid>
      <Models detail={detail} />
      <TracesOfRun run={run.id} />
      <Section title="Files">
        {detail.artifacts.some((file) => !file.is_dir) ? (
          <Artifacts files={detail.artifacts} base={`/api/v1/runs/${run.id}/artifacts`} run={run.id} />
        ) : (
          <Stack gap="xs">
            <Text c="dimmed">It left none. Files and figures come along with a run like this:</Text>
            <Snippet sdk={`mlflow.log_artifact("report.html")\nmlflow.log_figure(figure, "plots/roc.png")`} />
          </Stack>
        )}
      </Section>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Section title="Code and environment">
          <Origin detail={detail} />
        </Section>
        <Section title="Tags">
          <Pairs pairs={Object.fromEntries(Object.entries(run.tags).filter(([name]) => name !== "pomona.error" && name !== NOTE))} label="Tags" />
        </Section>
      </SimpleGrid>
      {detail.code.changes && <Changes run={run.id} changes={detail.code.changes} />}
      <Ties id={run.id} links={detail.links} />
      <Section title="The same from a terminal or a notebook">
        <Snippet cli={`pomona runs show ${run.id.slice(0, 12)}`} sdk={`import pomona\n\nrun = pomona.connect().runs.get("${run.id}")\nrun.run.params, run.run.metrics`} />
      </Section>
    </Page>
  );
}

/** The machine, as far as it is known: its resource alone says too little for a line. */
function ranOn({ machine }: Detail): string | null {
  if (!machine) return null;
  const parts = [
    machine.host,
    machine.os,
    machine.cores ? `${machine.cores} cores` : null,
    machine.memory_gb ? `${machine.memory_gb} GB` : null,
    machine.gpus ? `${machine.gpus} GPU${machine.gpus === 1 ? "" : "s"}${machine.gpu ? ` (${machine.gpu})` : ""}` : null,
    machine.python ? `Python ${machine.python}` : null,
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(", ") : null;
}

function Failed({ error }: { error: string }) {
  const last = error.trim().split("\n").at(-1) ?? "It failed";
  return (
    <Alert color="pomegranate" icon={<IconAlertTriangle size={20} aria-hidden />} title={last} role="alert">
      <pre className={classes.code} tabIndex={0} role="region" aria-label="Traceback">
        {error}
      </pre>
    </Alert>
  );
}

function Inputs({ inputs }: { inputs: Detail["inputs"] }) {
  if (inputs.length === 0) {
    return (
      <Stack gap="xs">
        <Text c="dimmed">It named no data. One line ties a run to a version:</Text>
        <Snippet sdk={`mlflow.log_input(pom.data.version("flights@latest").to_mlflow(), context="training")`} />
      </Stack>
    );
  }
  return (
    <Stack>
      {inputs.map((input) => (
        <div key={input.name + input.digest + input.context}>
          {input.data_version ? <RecordLink id={input.data_version} /> : <Text component="span" fw={600}>{input.name}</Text>}{" "}
          <Text component="span" size="sm" c="dimmed">
            {input.context ? `for ${input.context}` : ""}
          </Text>{" "}
          {!input.data_version && <StateBadge state="warn" label="unversioned" />}
          {input.hint && (
            <>
              <Text size="sm" c="dimmed" mt={4}>
                Nobody can say what it held. This line keeps it as a version:
              </Text>
              <Snippet sdk={input.hint.replace(/^unversioned: /, "")} />
            </>
          )}
        </div>
      ))}
    </Stack>
  );
}

/** What is known of the changes beside the commit. */
function uncommitted(code: Detail["code"]) {
  if (code.changes) return codeLine(code)?.replace(/^\S+ with /, "");
  if (code.diff === "clean") return "nothing";
  if (code.diff) return "changes that are not kept here";
  return code.git_commit ? <None why="nobody said" /> : null;
}

function Origin({ detail: { code, environment } }: { detail: Detail }) {
  const digest = (text: string, what: string) => (
    <span>
      <Code>{text.slice(0, 16)}</Code> <CopyButton value={text} what={what} />
    </span>
  );
  const told = code.git_commit || code.digest;
  return (
    <Stack gap="sm">
    <Facts
      facts={[
        ["script", code.source ?? <None why="not reported" />],
        ["code snapshot", code.digest ? digest(code.digest, "digest of the code") : null],
        ["git commit", code.git_commit ? digest(code.git_commit, "commit") : null],
        ["branch", code.git_branch],
        ["not committed", uncommitted(code)],
        ["repository", code.git_repo],
        ["environment", environment ? digest(environment, "digest of the environment") : <None why="not recorded" />],
      ]}
    />
      {!(told && environment) && (
        <>
          <Text size="sm" c="dimmed">
            One line before the run starts tells commit, uncommitted changes, packages and machine:
          </Text>
          <Snippet sdk={`pomona.autolog()`} cli="POMONA_AUTOLOG=1 python train.py" />
        </>
      )}
    </Stack>
  );
}
