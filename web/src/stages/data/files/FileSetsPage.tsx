import { useGet, usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { bytes, number } from "~/ui/format";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { None, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { RECIPE } from "./recipe";

type FileSet = Schema<"FileSet">;

const COLUMNS: Column<FileSet>[] = [
  { id: "name", title: "File set", width: 190, cell: (row) => row.name },
  { id: "newest", title: "Newest", width: 90, cell: (row) => <Newest id={row.id} show={(one) => `v${one.number}`} /> },
  { id: "files", title: "Files", width: 100, align: "right", cell: (row) => <Newest id={row.id} show={(one) => number(one.files)} /> },
  { id: "size", title: "Size", width: 100, align: "right", cell: (row) => <Newest id={row.id} show={(one) => bytes(one.size)} /> },
  { id: "added", title: "Added", width: 130, cell: (row) => <Newest id={row.id} show={(one) => <TimeAgo at={one.created_at} />} /> },
  { id: "description", title: "What it is", width: 220, grow: true, cell: (row) => <span title={row.description}>{row.description || <None />}</span> },
  { id: "purposes", title: "May serve", width: 140, cell: (row) => row.purposes.join(", ") || <None /> },
];

/** The newest version of a file set; one request serves all cells of a row. */
function Newest({ id, show }: { id: string; show: (version: Schema<"FileSetVersion">) => React.ReactNode }) {
  const { data: versions } = useGet("/api/v1/file-sets/{ref}/versions", { path: { ref: id } });
  const newest = versions?.[0];
  return newest ? show(newest) : <None why="no version yet" />;
}

/** Every file set, newest first. */
export default function FileSetsPage() {
  const pages = usePages("/api/v1/file-sets", {});
  return (
    <Page title="File sets" crumbs={[{ title: "Data", to: "/data" }]} lead="Folders of images, text and audio as versions that never change. The same content is stored once.">
      <Table
        id="file-sets"
        label="File sets"
        columns={COLUMNS}
        pages={pages}
        rowId={(row) => row.id}
        href={(row) => `/data/files/${row.id}`}
        empty={
          <EmptyState title="No file set yet" recipe={RECIPE}>
            Give it a name, then add a folder. What did not change is not read again, and costs nothing.
          </EmptyState>
        }
      />
    </Page>
  );
}
