import { Alert } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useParams } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Facts, Figures, Page, Section } from "~/ui/Page";
import { IdLink, StateBadge, TimeAgo } from "~/ui/small";

import { By, Reason, RecordLink } from "../../names";
import { LineagePicture } from "./LineagePicture";
import { buildTone } from "./MartsPage";
import { SqlText, Warnings } from "./Sql";
import { secondsText } from "./words";

/** One build of a mart: the SQL as it ran, the versions it read, what came of it. */
export default function BuildPage() {
  const { id = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/mart-builds/{build_id}", { path: { build_id: id } });
  if (!data) {
    return (
      <Page title="Build" crumbs={[{ title: "Marts", to: "/data/marts" }]}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown build={data} />;
}

function Shown({ build }: { build: Schema<"MartBuild"> }) {
  return (
    <Page
      title={build.ref ?? `Build of ${build.mart}`}
      crumbs={[
        { title: "Marts", to: "/data/marts" },
        { title: build.mart, to: `/data/marts/${build.mart_id}` },
      ]}
      badge={<StateBadge state={build.state} {...buildTone(build.state)} />}
      lead={<Reason text={build.reason} />}
    >
      {build.error && (
        <Alert color="pomegranate" icon={<IconAlertTriangle size={20} aria-hidden />} title={build.error} role="alert">
          {build.hint}
        </Alert>
      )}
      <Warnings warnings={build.warnings} />
      {build.ref && (
        <Figures
          figures={[
            { label: "Rows", value: number(build.rows) },
            { label: "Added", value: `+${number(build.rows_added)}`, note: build.state === "unchanged" ? "the version there was holds them all" : "against the version before" },
            { label: "Removed · changed", value: `${number(build.rows_removed)} · ${number(build.rows_changed)}` },
            { label: "Took", value: secondsText(build.seconds) },
          ]}
        />
      )}
      <Section title="SQL as it ran" note={`Revision ${build.revision}.`}>
        <SqlText sql={build.sql} warnings={build.warnings} errorLine={build.line} />
      </Section>
      {build.lineage.length > 0 && (
        <Section title="Where its columns come from" note="Point at a column; one in italics only chooses rows.">
          <LineagePicture lineage={build.lineage} inputs={build.inputs} result={build.ref ?? build.mart} />
        </Section>
      )}
      <Section title="About">
        <Facts
          facts={[
            ...build.inputs.map((one): [string, React.ReactNode] => [one.pinned ? "read, pinned" : "read", <span key={one.name}><RecordLink id={one.version} />{` · ${number(one.rows)} rows · ${one.columns.join(", ")}`}</span>]),
            ["made", build.version ? <RecordLink key="made" id={build.version} /> : null],
            ["job", <IdLink key="job" id={build.job} copy />],
            ["begun", <span key="begun"><By actor={build.by} />{", "}<TimeAgo at={build.started_at} /></span>],
            ["inputs digest", build.inputs_digest ? <code key="digest">{`${build.inputs_digest.slice(0, 24)}…`}</code> : null],
          ]}
        />
      </Section>
    </Page>
  );
}
