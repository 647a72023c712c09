import { Button, Group, Tabs } from "@mantine/core";
import { IconArrowsDiff } from "@tabler/icons-react";
import { Link, useParams } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { bytes, number } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Facts, Figures, Page, Section } from "~/ui/Page";
import { CopyButton, IdLink, TimeAgo } from "~/ui/small";
import { useUrlState } from "~/ui/state";

import { Ties } from "../../ties";
import { Gallery } from "./Gallery";
import { Tree } from "./Tree";

type Version = Schema<"FileSetVersion">;
const CRUMBS = [
  { title: "Data", to: "/data" },
  { title: "File sets", to: "/data/files" },
];

/** A version of a file set: its folders, a look at its files, what was trained on it. */
export default function FilesVersionPage() {
  const { ref = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/file-set-versions/{ref}", { path: { ref } });
  if (!data) {
    return (
      <Page title="Version of a file set" crumbs={CRUMBS}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown version={data} />;
}

function Shown({ version }: { version: Version }) {
  const links = useGet("/api/v1/links/{record_id}", { path: { record_id: version.id } });
  const name = `${version.file_set}@v${version.number}`;
  return (
    <Page
      title={name}
      crumbs={[...CRUMBS, { title: version.file_set, to: `/data/files/${version.file_set_id}` }]}
      lead={version.note || undefined}
      actions={
        version.parent && !version.dropped_at ? (
          <Button component={Link} to={`/data/files/diff/${version.parent}/${version.id}`} variant="light" leftSection={<IconArrowsDiff size={16} aria-hidden />}>
            What changed
          </Button>
        ) : undefined
      }
    >
      <Figures
        figures={[
          { label: "Files", value: number(version.files), note: bytes(version.size) },
          { label: "Added", value: `+${number(version.files_added)}`, note: version.mode === "append" ? "appended" : "against the version before" },
          { label: "Removed · changed", value: `${number(version.files_removed)} · ${number(version.files_changed)}`, note: "against the version before" },
          { label: "New bytes", value: bytes(version.size_new), note: "the rest was there already" },
        ]}
      />
      {version.dropped_at ? (
        <EmptyState title="The files of this version were dropped">
          {`By ${version.dropped_by}. This record stays, so that what was made with it can be told.`}
        </EmptyState>
      ) : (
        <Files version={version} />
      )}
      {links.data && <Ties id={version.id} links={links.data} />}
      <Section title="Use it">
        <Snippet
          sdk={`import pomona\n\nfiles = pomona.connect().files\nimages = files.dataset("${name}", "*.jpg", decode=decode)  # for a DataLoader\nfiles.checkout("${name}", "folder/")`}
          cli={`pomona files checkout ${name} folder/`}
        />
      </Section>
    </Page>
  );
}

function Files({ version }: { version: Version }) {
  const [view, setView] = useUrlState({ tab: "look", folder: "" });
  return (
    <Tabs value={view.tab} onChange={(tab) => setView({ tab: tab ?? "look" })} keepMounted={false}>
      <Tabs.List mb="md">
        <Tabs.Tab value="look">A look inside</Tabs.Tab>
        <Tabs.Tab value="folders">Folders and files</Tabs.Tab>
        <Tabs.Tab value="about">Identity</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="look">
        <Gallery version={version} />
      </Tabs.Panel>
      <Tabs.Panel value="folders">
        <Tree version={version} folder={view.folder} onOpen={(folder) => setView({ folder })} />
      </Tabs.Panel>
      <Tabs.Panel value="about">
        <Identity version={version} />
      </Tabs.Panel>
    </Tabs>
  );
}

function Identity({ version }: { version: Version }) {
  return (
    <Section title="What makes it this version and no other" note="The digest is the BLAKE3 root over the path, mode and digest of every file.">
      <Facts
        facts={[
          ["digest", <Group key="digest" gap={4} wrap="nowrap"><code>{version.digest.slice(0, 24)}…</code><CopyButton value={version.digest} what="digest" /></Group>],
          ["id", <IdLink key="id" id={version.id} copy />],
          ["committed", <span key="at">{version.created_by}, <TimeAgo at={version.created_at} /></span>],
          ["how", version.mode === "append" ? "files were added to those of the version before" : "the whole folder was given"],
          ["kinds", version.kinds.map((one) => `${number(one.files)} ${one.kind} (${bytes(one.size)})`).join(", ")],
        ]}
      />
    </Section>
  );
}
