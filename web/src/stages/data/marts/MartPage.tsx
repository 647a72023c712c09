import { Alert, Anchor, Button, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconEye, IconHammer } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { api } from "~/api/client";
import { useGet, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { Confirm, ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Facts, Page, Section } from "~/ui/Page";
import { IdLink, None, StateBadge, TimeAgo } from "~/ui/small";

import { Builds } from "./Builds";
import { LineagePicture } from "./LineagePicture";
import { buildTone } from "./MartsPage";
import { Preview } from "./Preview";
import { SqlEditor, Warnings } from "./Sql";
import { rebuildText } from "./words";

const CRUMBS = [
  { title: "Datasets", to: "/data" },
  { title: "Marts", to: "/data/marts" },
];

/** A mart: its SQL, what it would give, where its columns come from, and what its builds did. */
export default function MartPage() {
  const { ref = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/marts/{ref}", { path: { ref } });
  if (!data) {
    return (
      <Page title="Mart" crumbs={CRUMBS}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown status={data} />;
}

function Shown({ status }: { status: Schema<"MartStatus"> }) {
  const { mart, last, built } = status;
  const navigate = useNavigate();
  const path = { params: { path: { ref: mart.id } } };
  const build = useSend(() => api.POST("/api/v1/marts/{ref}/builds", { ...path, body: {} }));
  const remove = useSend(() => api.DELETE("/api/v1/marts/{ref}", path), { onDone: () => void navigate("/data/marts") });
  const open = build.data !== undefined && (last === null || last.job !== build.data.id || last.state === "running");
  return (
    <Page
      title={mart.name}
      crumbs={CRUMBS}
      badge={last ? <StateBadge state={last.state} {...buildTone(last.state)} /> : undefined}
      lead={mart.description || undefined}
      actions={
        <>
          <Button leftSection={<IconHammer size={16} aria-hidden />} loading={build.isPending} onClick={() => build.mutate(undefined)}>
            Build it now
          </Button>
          <Confirm label="Forget it" title={`Forget the mart ${mart.name}?`} danger busy={remove.isPending} onConfirm={() => remove.mutate(undefined)}>
            Its dataset, versions and builds stay: models may rest on them. It is just not built any more.
          </Confirm>
        </>
      }
    >
      {build.isError && <ErrorNotice error={build.error} />}
      {remove.isError && <ErrorNotice error={remove.error} />}
      {open && build.data && (
        <Alert color="sky" title="A build is queued">
          <IdLink id={build.data.id} label="Its job" /> tells how far it is.
        </Alert>
      )}
      {last?.state === "failed" && <Failed build={last} />}
      <Section title="What it is">
        <Facts
          facts={[
            ["fills", <Anchor key="fills" component={Link} to={`/data/${mart.dataset_id}`}>{mart.name}</Anchor>],
            ["newest", built?.version ? <IdLink key="newest" id={built.version} label={built.ref ?? ""} /> : <None key="newest" why="not built yet" />],
            ["reads", mart.inputs.join(", ") || <None key="reads" />],
            ["inputs", status.stale ? <StateBadge key="stale" state="changed since the last build" tone="warn" /> : "as built"],
            ["rebuilt", rebuildText(mart)],
            ["key", mart.key.join(", ") || <None key="key" why="rows have no name" />],
            ["time", mart.time_column ?? <None key="time" why="no time column" />],
            ["changed", <span key="changed">{mart.changed_by}, <TimeAgo at={mart.changed_at} /></span>],
          ]}
        />
      </Section>
      <Editor mart={mart} />
      {built && built.lineage.length > 0 && (
        <Section title="Where its columns come from" note="As of the newest version. Point at a column; one in italics only chooses rows.">
          <LineagePicture lineage={built.lineage} inputs={built.inputs} result={built.ref ?? mart.name} />
        </Section>
      )}
      <Section title="Builds" note="On which versions, why, how long, and what came of it.">
        <Builds mart={mart} />
      </Section>
      <Section title="The same from a terminal or a notebook">
        <Snippet cli={`pomona marts build ${mart.name}\npomona marts lineage ${mart.name}`} sdk={`pom.marts.build("${mart.name}")\npom.data.version("${mart.name}").to_polars()`} />
      </Section>
    </Page>
  );
}

function Failed({ build }: { build: Schema<"MartBuild"> }) {
  return (
    <Alert color="pomegranate" icon={<IconAlertTriangle size={20} aria-hidden />} title="The last build failed; the version before stays as it is" role="alert">
      <Text size="sm">{build.error}</Text>
      {build.hint && <Text size="sm" mt={4}>{build.hint}</Text>}
      <Anchor component={Link} to={`/data/marts/builds/${build.id}`} size="sm" c="inherit" underline="always">
        Look at the build
      </Anchor>
    </Alert>
  );
}

function Editor({ mart }: { mart: Schema<"Mart"> }) {
  const [sql, setSql] = useState(mart.sql);
  useEffect(() => setSql(mart.sql), [mart.sql]);
  const preview = useSend((text: string) => api.POST("/api/v1/sql/preview", { body: { sql: text, purpose: mart.purposes.length === 1 ? (mart.purposes[0] ?? null) : null } }));
  const save = useSend((text: string) => api.PATCH("/api/v1/marts/{ref}", { params: { path: { ref: mart.id } }, body: { sql: text } }));
  const edited = sql !== mart.sql;
  return (
    <>
      <Section title="SQL" note={`Revision ${mart.revision}.`}>
        <Stack>
          {!edited && <Warnings warnings={mart.warnings} />}
          <SqlEditor value={sql} onChange={setSql} />
          <Group>
            <Button variant="light" leftSection={<IconEye size={16} aria-hidden />} loading={preview.isPending} onClick={() => preview.mutate(sql)}>
              Preview
            </Button>
            <Button disabled={!edited} loading={save.isPending} onClick={() => save.mutate(sql)}>
              Keep the change
            </Button>
            {edited && (
              <Button variant="default" onClick={() => setSql(mart.sql)}>
                Undo
              </Button>
            )}
          </Group>
          {save.isError && edited && <ErrorNotice error={save.error} />}
        </Stack>
      </Section>
      {preview.isError && <ErrorNotice error={preview.error} />}
      {preview.data && !preview.isError && <Preview found={preview.data} name={mart.name} />}
    </>
  );
}
