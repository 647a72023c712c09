/** Incidents as rows. */
import type { Schema } from "~/api/types";
import { date } from "~/ui/format";
import { None, StateBadge, TimeAgo } from "~/ui/small";
import type { Column } from "~/ui/Table";

import { RecordLink } from "../names";

export const INCIDENT_COLUMNS: Column<Schema<"Incident">>[] = [
  { id: "kind", title: "Incident", width: 100, cell: (row) => row.kind },
  { id: "state", title: "State", width: 112, cell: (row) => <StateBadge state={row.state} tone={row.state === "open" ? "bad" : "good"} /> },
  { id: "endpoint", title: "Endpoint", width: 118, cell: (row) => row.endpoint },
  { id: "summary", title: "What", width: 260, grow: true, cell: (row) => <span title={row.summary}>{row.summary}</span> },
  { id: "since", title: "Since", width: 120, cell: (row) => date(row.since) },
  { id: "model", title: "Champion then", width: 140, cell: (row) => <RecordLink id={row.model_version} /> },
  { id: "seen", title: "Seen by", width: 100, cell: (row) => row.acknowledged_by ?? <None why="nobody yet" /> },
  { id: "opened", title: "Opened", width: 130, cell: (row) => <TimeAgo at={row.opened_at} /> },
];
