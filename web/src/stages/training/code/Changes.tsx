/** What a run ran that was not committed, file by file. */
import { Accordion, Group, Text } from "@mantine/core";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Section } from "~/ui/Page";

import { filesOf, type PatchFile } from "./patch";
import classes from "./patch.module.css";

type Changed = Schema<"ChangedFile">;
const OPEN_LINES = 400; // so many are shown at once; of a longer patch each file is opened by hand
const MOST_LINES = 2_000; // of one file

export function Changes({ run, changes }: { run: string; changes: Schema<"CodeChanges"> }) {
  const { data, error } = useGet("/api/v1/runs/{run_id}/diff", { path: { run_id: run } }, { immutable: true });
  const lines = (changes.added ?? 0) + (changes.removed ?? 0);
  const note = `${changes.files.length} ${changes.files.length === 1 ? "file" : "files"}, ${lines.toLocaleString("en-US")} ${lines === 1 ? "line" : "lines"} beside the commit${data?.hint ? `; ${data.hint}` : ""}`;
  return (
    <Section title="Uncommitted changes" note={note}>
      {error && <ErrorNotice error={error} />}
      {!data && !error && <Loading lines={4} />}
      {data && <Files files={filesOf(data.text)} changed={changes.files} open={lines <= OPEN_LINES} />}
      <Snippet cli={`pomona runs show ${run.slice(0, 12)} --diff > run.patch\ngit checkout ${data?.code.git_commit?.slice(0, 12) ?? "COMMIT"} && git apply run.patch`} sdk={`pomona.connect().runs.diff("${run}").text`} />
    </Section>
  );
}

function Files({ files, changed, open }: { files: PatchFile[]; changed: Changed[]; open: boolean }) {
  const lines = new Map(files.map((file) => [file.path, file.lines]));
  return (
    <Accordion multiple variant="separated" defaultValue={open ? changed.filter((file) => lines.has(file.path)).map((file) => file.path) : []} mb="md">
      {changed.map((file) => {
        const own = lines.get(file.path);
        return own ? (
          <Accordion.Item key={file.path} value={file.path}>
            <Accordion.Control>
              <Head file={file} />
            </Accordion.Control>
            <Accordion.Panel>
              <Patch path={file.path} lines={own} />
            </Accordion.Panel>
          </Accordion.Item>
        ) : (
          <Group key={file.path} className={classes.named} justify="space-between">
            <span className={classes.path}>{file.path}</span>
            <Text size="sm" c="dimmed">
              {file.left_out ? `only named: ${file.left_out}` : "beyond what is kept"}
            </Text>
          </Group>
        );
      })}
    </Accordion>
  );
}

function Head({ file }: { file: Changed }) {
  return (
    <Group gap="sm" justify="space-between" wrap="nowrap">
      <span className={classes.path}>{file.path}</span>
      <span className={classes.counts}>
        <span className={classes.plus}>{`+${file.added}`}</span> <span className={classes.minus}>{`−${file.removed}`}</span>
      </span>
    </Group>
  );
}

function Patch({ path, lines }: { path: string; lines: PatchFile["lines"] }) {
  return (
    <pre className={classes.patch} tabIndex={0} role="region" aria-label={`Changes of ${path}`}>
      {lines.slice(0, MOST_LINES).map((line, place) => (
        <span key={place} className={classes[line.kind]}>
          {`${line.text}\n`}
        </span>
      ))}
      {lines.length > MOST_LINES && <span className={classes.note}>{`… and ${(lines.length - MOST_LINES).toLocaleString("en-US")} more lines`}</span>}
    </pre>
  );
}
