/** The folders of a version, one level at a time. */
import { Anchor, Breadcrumbs, Button } from "@mantine/core";
import { IconFile, IconFolder, IconLink } from "@tabler/icons-react";
import { useState } from "react";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { bytes, number } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading } from "~/ui/notices";
import { Section } from "~/ui/Page";

import classes from "./files.module.css";
import { fileAt } from "./recipe";

const PAGE = 200;

export function Tree({ version, folder, onOpen }: { version: Schema<"FileSetVersion">; folder: string; onOpen: (folder: string) => void }) {
  return (
    <Section title="Folders and files" actions={<Path folder={folder} onOpen={onOpen} />}>
      <Level key={folder} version={version} folder={folder} onOpen={onOpen} />
    </Section>
  );
}

function Path({ folder, onOpen }: { folder: string; onOpen: (folder: string) => void }) {
  const parts = folder === "" ? [] : folder.split("/");
  return (
    <Breadcrumbs separator="/">
      <Anchor component="button" type="button" size="sm" onClick={() => onOpen("")}>
        top
      </Anchor>
      {parts.map((part, place) => (
        <Anchor key={place} component="button" type="button" size="sm" onClick={() => onOpen(parts.slice(0, place + 1).join("/"))}>
          {part}
        </Anchor>
      ))}
    </Breadcrumbs>
  );
}

function Level({ version, folder, onOpen }: { version: Schema<"FileSetVersion">; folder: string; onOpen: (folder: string) => void }) {
  const [limit, setLimit] = useState(PAGE);
  const { data, error } = useGet("/api/v1/file-set-versions/{ref}/folder", { path: { ref: version.id }, query: { path: folder, limit } }, { immutable: true });
  if (error) return <ErrorNotice error={error} />;
  if (!data) return <Loading lines={6} />;
  if (data.folders.length + data.files.length === 0) return <EmptyState title="Nothing in it" />;
  const start = folder === "" ? "" : `${folder}/`;
  return (
    <>
      <table className={classes.tree} aria-label="Folders and files">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" data-number>Files</th>
            <th scope="col" data-number>Size</th>
          </tr>
        </thead>
        <tbody>
          {data.folders.map((one) => (
            <tr key={`${one.name}/`}>
              <td>
                <IconFolder size={16} aria-hidden />{" "}
                <Anchor component="button" type="button" size="sm" onClick={() => onOpen(start + one.name)}>
                  {one.name}
                </Anchor>
              </td>
              <td data-number>{number(one.files)}</td>
              <td data-number>{bytes(one.size)}</td>
            </tr>
          ))}
          {data.files.map((one) => (
            <Leaf key={one.path} version={version.id} entry={one} />
          ))}
        </tbody>
      </table>
      {data.next_after && (
        <Button mt="sm" variant="light" onClick={() => setLimit(Math.min(limit * 5, 10_000))} disabled={limit >= 10_000}>
          {`${number(data.files_total - data.files.length)} more files`}
        </Button>
      )}
    </>
  );
}

function Leaf({ version, entry }: { version: string; entry: Schema<"FileEntry"> }) {
  const name = entry.path.slice(entry.path.lastIndexOf("/") + 1);
  return (
    <tr>
      <td>
        {entry.mode === "link" ? <IconLink size={16} aria-hidden /> : <IconFile size={16} aria-hidden />}{" "}
        {entry.mode === "link" ? (
          `${name} → ${entry.target}`
        ) : (
          <Anchor href={fileAt(version, entry.path)} target="_blank" rel="noreferrer" size="sm">
            {name}
          </Anchor>
        )}
      </td>
      <td data-number />
      <td data-number>{bytes(entry.size)}</td>
    </tr>
  );
}
