import { usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { percent } from "~/ui/format";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { None, StateBadge, TimeAgo } from "~/ui/small";
import { useUrlState } from "~/ui/state";
import { Table, type Column } from "~/ui/Table";

import { releases } from ".";
import { RecordLink } from "../names";
import { EndpointLink } from "./EndpointLink";
import { EndpointPicker } from "./EndpointPicker";

type Release = Schema<"Release">;

const COLUMNS: Column<Release>[] = [
  { id: "strategy", title: "Release", width: 110, cell: (row) => row.strategy },
  { id: "state", title: "State", width: 136, cell: (row) => <StateBadge state={row.state} /> },
  { id: "endpoint", title: "Endpoint", width: 124, cell: (row) => <EndpointLink name={row.endpoint} /> },
  { id: "champion", title: "Champion", width: 150, cell: (row) => <RecordLink id={row.champion} /> },
  { id: "candidate", title: "Candidate", width: 150, cell: (row) => (row.candidate ? <RecordLink id={row.candidate} /> : <None why="no candidate" />) },
  { id: "share", title: "Share", width: 76, align: "right", cell: (row) => (row.candidate ? percent(row.share, 0) : <None />) },
  { id: "why", title: "Why, and what came of it", width: 200, grow: true, cell: (row) => <span title={row.verdict?.reason ?? row.reason}>{row.verdict?.reason ?? row.reason}</span> },
  { id: "started", title: "Started", width: 130, cell: (row) => <TimeAgo at={row.started_at} /> },
];

/** Every release of every endpoint, newest first. */
export default function ReleasesPage() {
  const [view, setView] = useUrlState({ endpoint: "" });
  const pages = usePages("/api/v1/releases", { query: { endpoint: view.endpoint || null } });
  return (
    <Page title="Releases" crumbs={[{ title: "Endpoints", to: "/releases" }]} lead="Each change of what an endpoint serves, with its reason.">
      <Table
        id="releases"
        label="Releases"
        columns={COLUMNS}
        pages={pages}
        rowId={(row) => row.id}
        href={(row) => `/releases/${row.id}`}
        toolbar={<EndpointPicker value={view.endpoint} onChange={(endpoint) => setView({ endpoint })} />}
        empty={
          <EmptyState title="Nothing was released yet" recipe={releases.start}>
            A release puts a model version on an endpoint, for everyone or for a share.
          </EmptyState>
        }
      />
    </Page>
  );
}
