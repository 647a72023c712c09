import { Code, SegmentedControl } from "@mantine/core";

import { useGet } from "~/api/queries";
import type { Entry } from "~/api/types";
import { STAGES, stageOf, stageOfEvent } from "~/stages";
import { dateTime, plainType } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { IdLink, TimeAgo } from "~/ui/small";
import { useUrlState } from "~/ui/state";
import { Table, type Column } from "~/ui/Table";

const COLUMNS: Column<Entry>[] = [
  { id: "seq", title: "No.", cell: (entry) => entry.seq, width: 80, align: "right" },
  { id: "at", title: "When", cell: (entry) => <TimeAgo at={entry.at} />, width: 150 },
  { id: "stage", title: "Stage", cell: (entry) => titleOf(entry), width: 120 },
  { id: "type", title: "What", cell: (entry) => plainType(entry.type), width: 200 },
  { id: "subject", title: "Record", cell: (entry) => <IdLink id={entry.subject} />, width: 160 },
  { id: "actor", title: "By", cell: (entry) => entry.actor, width: 120 },
  { id: "data", title: "Details", cell: (entry) => <Details data={entry.data} />, grow: true, width: 320 },
  { id: "exact", title: "Exact time", cell: (entry) => dateTime(entry.at), width: 200, hidden: true },
  { id: "hash", title: "Hash", cell: (entry) => <Code>{entry.hash.slice(0, 16)}</Code>, width: 180, hidden: true },
];

/** The ledger's newest entries: who did what to which record. */
export default function EventsPage() {
  const [view, setView] = useUrlState({ stage: "" });
  const query = useGet("/api/v1/events", { query: { limit: 1000, newest_first: true } });
  const entries = query.data?.filter((entry) => view.stage === "" || stageOfEvent(entry.type) === view.stage);
  return (
    <Page title="Events" lead="Each change of the last thousand, as the ledger keeps it: every entry carries the hash of the one before.">
      {query.isPending && <Loading />}
      {query.error && <ErrorNotice error={query.error} retry={() => void query.refetch()} />}
      {entries && (
        <Table
          id="events"
          label="Events"
          columns={COLUMNS}
          rows={entries}
          rowId={(entry) => String(entry.seq)}
          toolbar={
            <SegmentedControl
              size="xs"
              aria-label="Stage"
              value={view.stage}
              onChange={(stage) => setView({ stage })}
              data={[{ value: "", label: "All" }, ...STAGES.map((stage) => ({ value: stage.key, label: stage.title }))]}
            />
          }
          empty={
            <EmptyState title="Nothing has happened" recipe={stageOf("business").start}>
              The first hypothesis writes the first entry.
            </EmptyState>
          }
        />
      )}
    </Page>
  );
}

function titleOf(entry: Entry): string {
  const key = stageOfEvent(entry.type);
  return key ? stageOf(key).title : "–";
}

function Details({ data }: { data: Entry["data"] }) {
  return Object.entries(data)
    .filter(([, value]) => value !== null && value !== "")
    .map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`)
    .join(" · ");
}
