import { Anchor, CloseButton, Group, Pill, Select, Stack } from "@mantine/core";
import { useEffect, useMemo, useRef } from "react";

import { problemOf } from "~/api/problem";
import { useGet, usePages } from "~/api/queries";
import { layoutText, useLayout } from "~/ui/columns";
import { shortId } from "~/ui/links";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { useUrlState } from "~/ui/state";
import { Table } from "~/ui/Table";
import { Code, Download } from "~/ui/taking";

import { withCondition, type Place } from "../runs/query";
import { QueryBox } from "../runs/QueryBox";
import classes from "../runs/runs.module.css";
import { columnsOf, type Trace } from "./columns";
import { EXAMPLES, NO_NAMES, offered, type TraceNames } from "./grammar";
import { asked, DEFAULTS, fileLink, MOST_IN_FILE, recipe, START, type TracesView } from "./search";

/** Every trace, filtered and sorted by the server in MLflow's own words; new ones appear by themselves. */
export default function TracesPage() {
  const [view, setView] = useUrlState(DEFAULTS);
  const experiments = usePages("/api/v1/experiments", { query: { limit: 200 } });
  const { data: names = NO_NAMES } = useGet("/api/v1/traces/names", {}, { refetchInterval: 30_000 });
  const traces = usePages("/api/v1/traces", { query: asked(view) }, { liveEveryMs: 4_000 });
  const kept = useRef(traces);
  if (!traces.error && !traces.isPending) kept.current = traces;
  // A filter that cannot be read is refused in its box; the table stays as it was.
  const refused = traces.error && problemOf(traces.error).status < 500 && view.filter !== "" ? traces.error : null;
  const pages = refused && !kept.current.isPending ? { ...kept.current, error: null } : traces;
  const { columns, layout } = useColumns(names, experiments.rows, view, setView);
  const useOffered = (place: Place | null) => (place ? offered(place, names) : []);
  const filtered = view.filter !== "" || view.experiment !== "" || view.run !== "";
  return (
    <Page title="Traces" lead="What each call of an application did, step by step, and what was judged of it." actions={<Tools view={view} />}>
      <Stack gap="xs">
        <div className={classes.bar}>
          <Select
            aria-label="Experiment"
            placeholder="all experiments"
            clearable
            searchable
            w={210}
            data={experiments.rows.map((one) => one.name)}
            value={view.experiment || null}
            onChange={(experiment) => setView({ experiment: experiment ?? "" })}
          />
          <QueryBox
            value={view.filter}
            error={refused}
            onApply={(filter) => setView({ filter })}
            placeholder="trace.status = 'ERROR' and feedback.helpful = 'false'"
            examples={EXAMPLES}
            useOffered={useOffered}
          />
        </div>
        <Table
          id="traces"
          label="Traces"
          columns={columns}
          pages={refused && pages === traces ? { ...traces, error: null, rows: [] } : pages}
          rowId={idOf}
          href={(trace) => `/training/traces/${encodeURIComponent(trace.id)}`}
          sort={view.sort}
          onSort={(sort) => setView({ sort })}
          onFilter={(condition) => setView({ filter: withCondition(view.filter, condition) })}
          layout={layout}
          toolbar={view.run && <OfRun run={view.run} onClear={() => setView({ run: "" })} />}
          empty={
            filtered ? (
              <EmptyState title="No trace fits">
                <Anchor component="button" type="button" onClick={() => setView({ filter: "", experiment: "", run: "" })}>
                  Show all traces
                </Anchor>
              </EmptyState>
            ) : (
              <EmptyState title="No trace yet" recipe={START}>
                Decorate a function, or switch on a library with mlflow.openai.autolog(): each call appears here as it happens. Any OpenTelemetry exporter works, too.
              </EmptyState>
            )
          }
        />
      </Stack>
    </Page>
  );
}

const idOf = (trace: Trace) => trace.id;

type SetView = (changes: Partial<TracesView>) => void;

function useColumns(names: TraceNames, experiments: { id: string; name: string }[], view: TracesView, setView: SetView) {
  const layout = useLayout("traces", { text: view.cols, setText: (cols) => setView({ cols }) });
  const remembered = layoutText(layout.layout);
  useEffect(() => {
    if (remembered && !view.cols) setView({ cols: remembered }); // so that a copied address shows the same
  }, []);
  const key = JSON.stringify([names, Object.fromEntries(experiments.map((one) => [one.id, one.name]))]);
  const columns = useMemo(() => columnsOf(...(JSON.parse(key) as [TraceNames, Record<string, string>])), [key]);
  return { columns, layout };
}

function OfRun({ run, onClear }: { run: string; onClear: () => void }) {
  return (
    <Pill size="md">
      <Group gap={4} wrap="nowrap">
        {`of run ${shortId(run)}`}
        <CloseButton size="xs" aria-label="Traces of all runs" onClick={onClear} />
      </Group>
    </Pill>
  );
}

function Tools({ view }: { view: TracesView }) {
  return (
    <>
      <Download
        files={[
          { label: `A row for each trace, at most ${MOST_IN_FILE.toLocaleString("en-US")}`, name: "traces", link: (format) => fileLink(view, "traces", format) },
          { label: "A row for each of their spans", name: "spans", link: (format) => fileLink(view, "spans", format) },
        ]}
      />
      <Code {...recipe(view)} />
    </>
  );
}
