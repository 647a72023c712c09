import { Anchor, Code, Group, SimpleGrid, Stack, Tabs, Text } from "@mantine/core";
import { Link, useParams } from "react-router";

import { useGet, usePages } from "~/api/queries";
import { useText } from "~/api/text";
import type { Schema } from "~/api/types";
import { bytes, duration } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Facts, Page, Section } from "~/ui/Page";
import { CopyButton, None, StateBadge, TimeAgo } from "~/ui/small";

import { RecordLink } from "../names";
import { TraceLink } from "../ties";
import { Pairs } from "./Pairs";
import { RunDialog } from "./RunDialog";
import { RunsTable } from "./RunsTable";
import { selectorInWords } from "./selector";
import classes from "./training.module.css";

type Entry = Schema<"TrainingEntry">;

/** A training entry: its script, what it learns from, and a button that trains it now. */
export default function EntryPage() {
  const { ref = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/entries/{ref}", { path: { ref } });
  if (!data) {
    return (
      <Page title="Training entry" crumbs={[{ title: "Training entries", to: "/training/entries" }]}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown entry={data} />;
}

function Shown({ entry }: { entry: Entry }) {
  const all = usePages("/api/v1/entries", { query: { limit: 500 } });
  const versions = all.rows.filter((one) => one.name === entry.name);
  const newest = versions[0];
  const outdated = newest !== undefined && newest.id !== entry.id;
  const runs = usePages("/api/v1/runs", { query: { filter: `tags.\`pomona.entry\` = '${entry.id}'`, limit: 50 } });
  const { limits } = entry;
  return (
    <Page
      title={entry.name}
      crumbs={[{ title: "Training entries", to: "/training/entries" }]}
      badge={<StateBadge state={outdated ? "superseded" : "active"} label={`v${entry.number}${outdated ? `, v${newest.number} is newer` : ""}`} />}
      lead={`Learns from ${selectorInWords(entry.data)}${entry.model ? `; what it logs is registered as ${entry.model}` : ""}.`}
      actions={<RunDialog entry={entry} />}
    >
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Section title="About" actions={<TraceLink id={entry.id} />}>
          <Facts
            facts={[
              ["hypothesis", entry.hypothesis ? <RecordLink key="hypothesis" id={entry.hypothesis} /> : <None key="hypothesis" />],
              ["registers", entry.model ? <Anchor key="model" component={Link} to={`/registry/${encodeURIComponent(entry.model)}`}>{entry.model}</Anchor> : <None key="model" why="registers nothing" />],
              ["limits", `${bytes(limits.memory_mb * 1024 * 1024)} of memory, ${duration(limits.cpu_s)} of CPU, ${duration(limits.wall_s)} in all`],
              ["code", <Digest key="code" text={entry.code} />],
              ["git commit", entry.git_commit ? <Digest key="git" text={entry.git_commit} /> : null],
              ["uncommitted changes", entry.git_diff ? <Digest key="diff" text={entry.git_diff} /> : null],
              ["stored", <span key="stored">{entry.created_by}, <TimeAgo at={entry.created_at} /></span>],
            ]}
          />
        </Section>
        <Section title="Parameters">
          {Object.keys(entry.params).length > 0 ? <Pairs pairs={entry.params} label="Parameters" /> : <Text c="dimmed">None: the script has its own defaults.</Text>}
        </Section>
      </SimpleGrid>
      <Section title="Script">
        <Files entry={entry} />
      </Section>
      {versions.length > 1 && (
        <Section title="Versions of this entry" note="Each change of code, data or parameters is a version; runs keep the one they ran.">
          <Group gap="lg">
            {versions.map((one) => (
              <span key={one.id}>
                {one.id === entry.id ? (
                  <strong>{`v${one.number}`}</strong>
                ) : (
                  <Anchor component={Link} to={`/training/entries/${one.id}`}>{`v${one.number}`}</Anchor>
                )}{" "}
                <Text component="span" size="sm" c="dimmed">
                  <TimeAgo at={one.created_at} />
                </Text>
              </span>
            ))}
          </Group>
        </Section>
      )}
      <Section title="Runs of this version">
        <RunsTable id="entry-runs" pages={runs} empty={<EmptyState title="It has not run yet">Run it now, or let a trigger of the loop do it when there is newer data.</EmptyState>} />
      </Section>
      <Section title="The same from a terminal or a notebook">
        <Snippet cli={`pomona train run ${entry.name}`} sdk={`pom.training.run("${entry.name}")`} />
      </Section>
    </Page>
  );
}

function Digest({ text }: { text: string }) {
  return (
    <span>
      <Code>{text.slice(0, 12)}</Code> <CopyButton value={text} what="digest" />
    </span>
  );
}

function Files({ entry }: { entry: Entry }) {
  const files = [...entry.files].sort((a, b) => Number(b.path === entry.script) - Number(a.path === entry.script) || a.path.localeCompare(b.path));
  return (
    <Tabs defaultValue={entry.script} keepMounted={false}>
      <Tabs.List mb="sm">
        {files.map((file) => (
          <Tabs.Tab key={file.path} value={file.path}>
            {file.path}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {files.map((file) => (
        <Tabs.Panel key={file.path} value={file.path}>
          <CodeOf entry={entry} path={file.path} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

function CodeOf({ entry, path }: { entry: Entry; path: string }) {
  const { data, error } = useText(`/api/v1/entries/${entry.id}/code?${new URLSearchParams({ path })}`);
  if (error) return <ErrorNotice error={error} />;
  if (data === undefined) return <Loading />;
  return (
    <Stack gap={4}>
      <pre className={classes.code} tabIndex={0} role="region" aria-label={path}>
        {data}
      </pre>
    </Stack>
  );
}
