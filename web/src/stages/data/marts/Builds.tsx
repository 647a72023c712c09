import { usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { EmptyState } from "~/ui/notices";
import { None, StateBadge, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { Reason } from "../../names";
import { buildTone } from "./MartsPage";
import { secondsText } from "./words";

type Build = Schema<"MartBuild">;

const COLUMNS: Column<Build>[] = [
  { id: "at", title: "Begun", width: 124, cell: (row) => <TimeAgo at={row.started_at} /> },
  { id: "state", title: "State", width: 116, cell: (row) => <StateBadge state={row.state} {...buildTone(row.state)} /> },
  { id: "ref", title: "Version", width: 140, cell: (row) => row.ref ?? <None why="none" /> },
  { id: "rows", title: "Rows", width: 90, align: "right", cell: (row) => (row.ref ? number(row.rows) : <None />) },
  { id: "changes", title: "+ / − / changed", width: 136, align: "right", cell: (row) => (row.state === "built" ? `${number(row.rows_added)} / ${number(row.rows_removed)} / ${number(row.rows_changed)}` : <None />) },
  { id: "seconds", title: "Took", width: 84, align: "right", cell: (row) => (row.seconds > 0 ? secondsText(row.seconds) : <None />) },
  { id: "inputs", title: "Inputs", width: 220, grow: true, cell: (row) => <span title={row.inputs.map((one) => one.ref).join(", ")}>{row.inputs.map((one) => one.ref).join(", ") || <None />}</span> },
  { id: "why", title: "Why, or what went wrong", width: 240, grow: true, cell: (row) => <span title={row.error ?? row.reason}><Reason text={row.error ?? row.reason} /></span> },
  { id: "revision", title: "SQL", width: 70, align: "right", hidden: true, cell: (row) => `r${row.revision}` },
];

/** The builds of a mart, newest first. */
export function Builds({ mart }: { mart: Schema<"Mart"> }) {
  const pages = usePages("/api/v1/marts/{ref}/builds", { path: { ref: mart.id } });
  return (
    <Table
      id="mart-builds"
      label="Builds"
      columns={COLUMNS}
      pages={pages}
      rowId={(row) => row.id}
      href={(row) => `/data/marts/builds/${row.id}`}
      empty={<EmptyState title="Not built yet">Build it, and its rows become the first version.</EmptyState>}
    />
  );
}
