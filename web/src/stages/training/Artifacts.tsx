/** A run's files: a list beside what is in the chosen one. */
import { Anchor, Group, Text, UnstyledButton } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";

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
const MOST_SHOWN = 1_000_000; // bytes of a text that a preview loads

export function Artifacts({ files, base }: { files: File[]; base: string }) {
  const [view, setView] = useUrlState({ file: "" });
  const listed = files.filter((file) => !file.is_dir);
  const chosen = listed.find((file) => file.path === view.file) ?? listed.find((file) => previewable(file)) ?? listed[0];
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
      {chosen && <Preview key={chosen.path} file={chosen} address={addressOf(base, chosen.path)} />}
    </div>
  );
}

export function addressOf(base: string, path: string): string {
  return `${base}/${path.split("/").map(encodeURIComponent).join("/")}`;
}

function previewable(file: File): boolean {
  return IMAGES.test(file.path) || (TEXTS.test(file.path) && (file.size ?? 0) <= MOST_SHOWN);
}

function Preview({ file, address }: { file: File; address: string }) {
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
      ) : previewable(file) ? (
        <TextPreview path={file.path} address={address} />
      ) : (
        <Text c="dimmed">{`No preview of this kind of file (${bytes(file.size ?? 0)}).`}</Text>
      )}
    </div>
  );
}

function TextPreview({ path, address }: { path: string; address: string }) {
  const { data, error } = useText(address);
  if (error) return <ErrorNotice error={error} />;
  if (data === undefined) return <Loading />;
  if (/\.csv$/i.test(path)) {
    const rows = csvRows(data, 200);
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
