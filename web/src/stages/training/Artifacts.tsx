/** A run's files: a list beside what is in the chosen one. */
import { Anchor, Group, Text, UnstyledButton } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";

import { useGet } from "~/api/queries";
import { useText } from "~/api/text";
import type { Schema } from "~/api/types";
import { bytes } from "~/ui/format";
import { ErrorNotice, Loading } from "~/ui/notices";
import { CopyButton } from "~/ui/small";
import { useUrlState } from "~/ui/state";

import { Rows } from "../data/Rows";
import { csvRows } from "./csv";
import classes from "./training.module.css";

type File = Schema<"ArtifactFile">;

const IMAGES = /\.(png|jpe?g|gif|webp)$/i;
const TEXTS = /(\.(txt|md|log|json|ya?ml|toml|csv|tsv|py|sql|html|xml|cfg|ini|sh|r)|(^|\/)(MLmodel|Dockerfile))$/i;
const PAGES = /\.html?$/i;
const TABLES = /\.(parquet|csv|tsv|jsonl|ndjson|json)$/i;
const ROWS = 200;
const MOST_PAGE = 20_000_000; // bytes
const MOST_TABLE = 64_000_000;
const MOST_SHOWN = 1_000_000; // bytes of a text that a preview loads

/** `base` is where files are fetched; those of a `run` are looked into by the server, too. */
export function Artifacts({ files, base, run }: { files: File[]; base: string; run?: string }) {
  const [view, setView] = useUrlState({ file: "" });
  const listed = files.filter((file) => !file.is_dir);
  const shows = (file: File) => previewable(file) || (run !== undefined && isTable(file));
  const chosen = listed.find((file) => file.path === view.file) ?? listed.find(shows) ?? listed[0];
  return (
    <div className={classes.artifacts}>
      <ul className={classes.tree} aria-label="Files">
        {listed.map((file) => (
          <li key={file.path}>
            <UnstyledButton className={classes.file} aria-current={file === chosen} onClick={() => setView({ file: file.path })}>
              <span>{file.path}</span>
              <small>{bytes(file.size ?? 0)}</small>
            </UnstyledButton>
          </li>
        ))}
      </ul>
      {chosen && <Preview key={chosen.path} file={chosen} run={run} address={addressOf(base, chosen.path)} />}
    </div>
  );
}

export function addressOf(base: string, path: string): string {
  return `${base}/${path.split("/").map(encodeURIComponent).join("/")}`;
}

function previewable(file: File): boolean {
  return IMAGES.test(file.path) || (TEXTS.test(file.path) && (file.size ?? 0) <= MOST_SHOWN);
}

interface Previewed {
  file: File;
  run: string | undefined;
  address: string;
}

function Preview({ file, run, address }: Previewed) {
  return (
    <div>
      <Group justify="space-between" mb="xs">
        <Group gap="xs">
          <Text fw={600}>{file.path}</Text>
          {file.digest && (
            <Text size="sm" c="dimmed" component="span" className="tabular">
              {`BLAKE3 ${file.digest.slice(0, 12)}…`} <CopyButton value={file.digest} what="digest" />
            </Text>
          )}
        </Group>
        <Anchor href={address} download size="sm">
          <Group gap={4} component="span">
            <IconDownload size={15} aria-hidden /> Download
          </Group>
        </Anchor>
      </Group>
      {IMAGES.test(file.path) ? (
        <img src={address} alt={file.path} className={classes.image} />
      ) : run && PAGES.test(file.path) && (file.size ?? 0) <= MOST_PAGE ? (
        <PagePreview file={file} run={run} />
      ) : run && isTable(file) ? (
        <TablePreview file={file} run={run} address={address} />
      ) : previewable(file) ? (
        <TextPreview path={file.path} address={address} />
      ) : (
        <Text c="dimmed">{`No preview of this kind of file (${bytes(file.size ?? 0)}).`}</Text>
      )}
    </div>
  );
}

function isTable(file: File): boolean {
  return TABLES.test(file.path) && (file.size ?? 0) <= MOST_TABLE;
}

/** The first rows, read by the server; JSON that is no table is shown as text. */
function TablePreview({ file, run, address }: Previewed & { run: string }) {
  const { data, error } = useGet("/api/v1/runs/{run_id}/tables/{path}", { path: { run_id: run, path: file.path }, query: { limit: ROWS } }, { immutable: true });
  if (error) return TEXTS.test(file.path) && (file.size ?? 0) <= MOST_SHOWN ? <TextPreview path={file.path} address={address} /> : <ErrorNotice error={error} />;
  if (!data) return <Loading />;
  if (data.rows.length === 0) return <Text c="dimmed">{`A table without rows: ${data.columns.join(", ")}`}</Text>;
  return (
    <>
      <Rows rows={data.rows.map((row) => Object.fromEntries(data.columns.map((name, place) => [name, row[place] ?? null])))} label={file.path} />
      <Text size="xs" c="dimmed" mt={4}>
        {data.total !== null && data.total > data.rows.length ? `The first ${data.rows.length} of ${data.total.toLocaleString("en-US")} rows` : `${data.rows.length.toLocaleString("en-US")} rows`}
      </Text>
    </>
  );
}

/** A page in a frame of its own origin: its scripts draw, but reach neither this site nor any other. */
function PagePreview({ file, run }: { file: File; run: string }) {
  return (
    <>
      <iframe title={file.path} sandbox="allow-scripts" className={classes.page} src={addressOf(`/api/v1/runs/${run}/pages`, file.path)} />
      <Text size="xs" c="dimmed" mt={4}>
        In a sandbox: what it would load from elsewhere is missing.
      </Text>
    </>
  );
}

function TextPreview({ path, address }: { path: string; address: string }) {
  const { data, error } = useText(address);
  if (error) return <ErrorNotice error={error} />;
  if (data === undefined) return <Loading />;
  if (/\.csv$/i.test(path)) {
    const rows = csvRows(data, ROWS);
    if (rows.length > 0) return <Rows rows={rows} label={path} />;
  }
  return (
    <pre className={classes.code} tabIndex={0} role="region" aria-label={path}>
      {/\.json$/i.test(path) ? pretty(data) : data}
    </pre>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
