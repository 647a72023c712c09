/** The first images, texts and sounds of a version. */
import { Anchor, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { bytes } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading } from "~/ui/notices";
import { Section } from "~/ui/Page";

import classes from "./files.module.css";
import { fileAt } from "./recipe";

type Version = Schema<"FileSetVersion">;
type Entry = Schema<"FileEntry">;

const IMAGES = ["jpg", "jpeg", "png", "gif", "webp", "bmp", "avif"];
const SOUNDS = ["wav", "mp3", "flac", "ogg", "opus", "m4a", "aac"];
const TEXTS = ["txt", "md", "csv", "tsv", "json", "jsonl", "yaml", "yml", "xml", "html", "log", "srt", "py"];
const LARGEST_TEXT = 256 * 1024;
const SHOWN_CHARACTERS = 1_200;

export function Gallery({ version }: { version: Version }) {
  const kinds = new Set(version.kinds.map((one) => one.kind));
  if (version.files === 0) return <EmptyState title="This version has no files" />;
  if (!["image", "audio", "text"].some((kind) => kinds.has(kind as "image"))) {
    return <EmptyState title="Nothing a browser can show">Its files are neither images nor text nor sound; the folders list them.</EmptyState>;
  }
  return (
    <Stack gap="lg">
      {kinds.has("image") && <Some version={version} title="Images" ends={IMAGES} limit={24} className={classes.images} show={(one) => <Picture key={one.path} version={version} entry={one} />} />}
      {kinds.has("audio") && <Some version={version} title="Sounds" ends={SOUNDS} limit={8} className={classes.sounds} show={(one) => <Sound key={one.path} version={version} entry={one} />} />}
      {kinds.has("text") && <Some version={version} title="Texts" ends={TEXTS} limit={6} className={classes.texts} show={(one) => <Words key={one.path} version={version} entry={one} />} />}
    </Stack>
  );
}

function Some(props: { version: Version; title: string; ends: string[]; limit: number; className: string | undefined; show: (entry: Entry) => React.ReactNode }) {
  const query = { pattern: props.ends.flatMap((end) => [`*.${end}`, `*.${end.toUpperCase()}`]), limit: props.limit };
  const { data, error } = useGet("/api/v1/file-set-versions/{ref}/files", { path: { ref: props.version.id }, query }, { immutable: true });
  if (error) return <ErrorNotice error={error} />;
  if (!data) return <Loading />;
  if (data.items.length === 0) return null;
  const note = data.files > data.items.length ? `The first ${data.items.length} of ${data.files.toLocaleString("en-US")}.` : undefined;
  return (
    <Section title={props.title} note={note}>
      <ul className={props.className}>{data.items.map(props.show)}</ul>
    </Section>
  );
}

function Picture({ version, entry }: { version: Version; entry: Entry }) {
  const address = fileAt(version.id, entry.path);
  return (
    <li>
      <a href={address} target="_blank" rel="noreferrer">
        <img src={address} alt={entry.path} loading="lazy" />
      </a>
      <Caption entry={entry} />
    </li>
  );
}

function Sound({ version, entry }: { version: Version; entry: Entry }) {
  return (
    <li>
      <audio controls preload="none" src={fileAt(version.id, entry.path)} aria-label={entry.path} />
      <Caption entry={entry} />
    </li>
  );
}

function Words({ version, entry }: { version: Version; entry: Entry }) {
  const address = fileAt(version.id, entry.path);
  const { data, error } = useQuery({
    queryKey: ["file", version.id, entry.path],
    queryFn: async () => (await (await fetch(address)).text()).slice(0, SHOWN_CHARACTERS),
    enabled: entry.size <= LARGEST_TEXT,
    meta: { immutable: true },
    staleTime: Infinity,
  });
  const shown = entry.size > LARGEST_TEXT ? "too large to be shown here" : error ? "could not be read" : (data ?? "…");
  return (
    <li>
      <Caption entry={entry} href={address} />
      <pre tabIndex={0} aria-label={entry.path}>{shown || "(empty)"}</pre>
    </li>
  );
}

function Caption({ entry, href }: { entry: Entry; href?: string }) {
  return (
    <Text size="xs" c="dimmed" className={classes.caption} title={entry.path}>
      {href ? <Anchor href={href} target="_blank" rel="noreferrer" size="xs">{entry.path}</Anchor> : entry.path}
      {` · ${bytes(entry.size)}`}
    </Text>
  );
}
