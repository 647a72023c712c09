import { Button, Code, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconGavel } from "@tabler/icons-react";
import { useParams } from "react-router";

import { api } from "~/api/client";
import { useGet, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { bytes, number } from "~/ui/format";
import { ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Facts, Page, Section } from "~/ui/Page";
import { CopyButton, IdLink, None, TimeAgo } from "~/ui/small";

import { By, RecordLink } from "../names";
import { Ties } from "../ties";
import { Artifacts } from "../training/Artifacts";
import training from "../training/training.module.css";
import { AliasDialog } from "./AliasDialog";
import { Aliases } from "./Aliases";
import { Approvals } from "./Approvals";
import { ModelCard } from "./Card";
import { CompareButton } from "./CompareButton";
import { Gates } from "./Gates";
import { latencyLine } from "./latency";
import { Lineage } from "./Lineage";
import { SealSection } from "./Seal";
import { Signature } from "./Signature";

type Detail = Schema<"VersionDetail">;

/** A model version: where it comes from, what it takes and answers, whether it may serve. */
export default function VersionPage() {
  const { ref = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/model-versions/{ref}", { path: { ref } });
  if (!data) {
    return (
      <Page title="Model version" crumbs={[{ title: "Models", to: "/registry" }]}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown detail={data} />;
}

function Shown({ detail }: { detail: Detail }) {
  const { version, gates, links } = detail;
  const latency = useGet("/api/v1/model-versions/{ref}/latency", { path: { ref: version.id } });
  const path = { name: version.model, number: version.number };
  const gate = useSend(() => api.POST("/api/v1/models/{name}/versions/{number}/gates", { params: { path }, body: {} }));
  const metrics = Object.entries(version.metrics).sort(([a], [b]) => a.localeCompare(b));
  return (
    <Page
      title={`${version.model} v${version.number}`}
      crumbs={[
        { title: "Models", to: "/registry" },
        { title: version.model, to: `/registry/${version.model_id}` },
      ]}
      badge={version.aliases.length > 0 && <Aliases names={version.aliases} />}
      lead={version.description || undefined}
      actions={
        <>
          <CompareButton version={version} />
          <Button variant="light" leftSection={<IconGavel size={16} aria-hidden />} loading={gate.isPending} onClick={() => gate.mutate(undefined)}>
            Ask the gate
          </Button>
          <AliasDialog version={version} />
        </>
      }
    >
      {gate.isError && <ErrorNotice error={gate.error} />}
      <Lineage detail={detail} />
      <Section title="Where it comes from">
        <Facts
          facts={[
            ["hypothesis", version.hypothesis ? <RecordLink key="hypothesis" id={version.hypothesis} /> : <None key="hypothesis" why="tests no hypothesis" />],
            ["trained on", version.data_version ? <RecordLink key="data" id={version.data_version} /> : <None key="data" why="unversioned data" />],
            ["run", version.run_id ? <RecordLink key="run" id={version.run_id} /> : <None key="run" />],
            ["registered", <span key="at">{version.created_by && <><By actor={version.created_by} />, </>}<TimeAgo at={version.created_at} /></span>],
            ["stage", version.stage === "None" ? null : version.stage],
            ["kind", kindOf(version)],
            ["answers in", latency.data ? latencyLine(latency.data) : null],
            ["environment", version.environment ? <Digest key="environment" text={version.environment} /> : <None key="environment" why="not recorded" />],
            ["digest", <Digest key="digest" text={version.digest} />],
            ["id", <IdLink key="id" id={version.id} copy />],
          ]}
        />
      </Section>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Section title="What the gate said">
          {gates.length > 0 ? <Gates gates={gates} /> : <Text c="dimmed">It was not asked yet. It compares this version with the champion, or the first one with the hypothesis' target.</Text>}
        </Section>
        <Section title="Metrics" note="As its run had them when it was registered.">
          {metrics.length > 0 ? (
            <dl className={training.metrics}>
              {metrics.map(([name, value]) => (
                <div key={name}>
                  <dt title={name}>{name}</dt>
                  <dd title={String(value)}>{number(value)}</dd>
                </div>
              ))}
            </dl>
          ) : (
            <Text c="dimmed">Its run measured nothing.</Text>
          )}
        </Section>
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Approvals version={version} />
        <SealSection version={version} seal={detail.seal} />
      </SimpleGrid>
      <ModelCard version={version} />
      <Section title="What it takes and answers">
        <Signature signature={version.signature} />
      </Section>
      <Section title="Files" note={`${version.files.length} files, ${bytes(version.size)}, each kept under its BLAKE3 digest.`}>
        <Artifacts
          files={version.files.map((file) => ({ ...file, is_dir: false }))}
          base={`/api/v1/models/${encodeURIComponent(version.model)}/versions/${version.number}/files`}
        />
      </Section>
      <Ties id={version.id} links={links} />
      <Section title="Use it">
        <Stack gap="sm">
          <Snippet sdk={`import mlflow\n\nmodel = mlflow.pyfunc.load_model("models:/${version.model}/${version.number}")\nmodel.predict(frame)`} />
          <Snippet cli={`pomona endpoints create ${version.model} --model ${version.model}\npomona releases start ${version.model} ${version.model}/${version.number} --champion --reason "..."`} />
        </Stack>
      </Section>
    </Page>
  );
}

/** "sklearn (skops), python 3.11.7" */
function kindOf(version: Schema<"ModelVersion">): string {
  const named = Object.keys(version.flavors).filter((flavor) => flavor !== "python_function");
  const python = version.flavors.python_function?.python_version;
  return [named.join(", ") || "pyfunc", typeof python === "string" ? `Python ${python}` : ""].filter(Boolean).join(", ");
}

function Digest({ text }: { text: string }) {
  return (
    <Group gap={4} wrap="nowrap" display="inline-flex">
      <Code>{text.slice(0, 16)}</Code>
      <CopyButton value={text} what="digest" />
    </Group>
  );
}
