import { Anchor, Button, Group, NumberInput, Select, Stack, Switch } from "@mantine/core";
import { IconTimelineEvent } from "@tabler/icons-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { Link } from "react-router";

import { problemOf } from "~/api/problem";
import { useGet, usePages } from "~/api/queries";
import { layoutText, useLayout } from "~/ui/columns";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { useUrlState } from "~/ui/state";
import { Table } from "~/ui/Table";
import { Code, Download } from "~/ui/taking";

import { training } from ".";
import { Bulk } from "./runs/Bulk";
import { columnsOf, common, differing, METRICS_SHOWN, namesOf, PARAMS_SHOWN, type Run } from "./runs/columns";
import { withCondition, type Names } from "./runs/query";
import { RunQueryBox } from "./runs/QueryBox";
import classes from "./runs/runs.module.css";
import { ARCHIVED, asked, DEFAULTS, fileLink, MOST_IN_FILE, recipe } from "./runs/search";
import { Views } from "./runs/Views";
import { Spent } from "./Spent";

const STATS = [
  { value: "last", label: "last value" },
  { value: "min", label: "lowest" },
  { value: "max", label: "highest" },
  { value: "at", label: "at step" },
];
const NO_NAMES: Names = { metrics: [], params: [], tags: [] };

/** Every run, filtered, sorted and measured by the server in MLflow's own words. */
export default function RunsPage() {
  const [view, setView] = useUrlState(DEFAULTS);
  const experiments = usePages("/api/v1/experiments", { query: { limit: 200 } });
  const { data: names = NO_NAMES } = useGet("/api/v1/runs/keys");
  const runs = usePages("/api/v1/runs", { query: asked(view, names.tags.includes(ARCHIVED)) });
  const kept = useRef(runs);
  if (!runs.error && !runs.isPending) kept.current = runs;
  // A filter that cannot be read is refused in its box; the table stays as it was.
  const refused = runs.error && problemOf(runs.error).status < 500 && view.filter !== "" ? runs.error : null;
  const pages = refused && !kept.current.isPending ? { ...kept.current, error: null } : runs;
  const { columns, layout } = useColumns(pages.rows, names, view, setView);
  const [chosen, choose] = useState<Set<string>>(new Set());
  const ticked = pages.rows.filter((run) => chosen.has(run.id));
  const filtered = view.filter !== "" || view.experiment !== "" || view.state !== "active";
  return (
    <Page title="Runs" lead={view.experiment ? <><div>{training.does}</div><Spent experiment={view.experiment} /></> : training.does} actions={<Tools view={view} archives={names.tags.includes(ARCHIVED)} />}>
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
          <RunQueryBox value={view.filter} names={names} error={refused} onApply={(filter) => setView({ filter })} />
        </div>
        {ticked.length > 0 && <Bulk rows={ticked} state={view.state} onClear={() => choose(new Set())} />}
        <Table
          id="runs"
          label="Runs"
          columns={columns}
          pages={refused && pages === runs ? { ...runs, error: null, rows: [] } : pages}
          rowId={idOf}
          href={(run) => `/training/runs/${run.id}`}
          sort={view.sort}
          onSort={(sort) => setView({ sort })}
          selection={{ chosen, choose }}
          onFilter={(condition) => setView({ filter: withCondition(view.filter, condition) })}
          layout={layout}
          toolbar={<Looks view={view} setView={setView} />}
          empty={
            filtered ? (
              <EmptyState title="No run fits">
                <Anchor component="button" type="button" onClick={() => setView({ filter: "", experiment: "", state: "active" })}>
                  Show all runs
                </Anchor>
              </EmptyState>
            ) : (
              <EmptyState title="No run yet" recipe={training.start}>
                Point any MLflow client at this server; a run appears here as soon as it starts.
              </EmptyState>
            )
          }
        />
      </Stack>
    </Page>
  );
}

const idOf = (run: Run) => run.id;

type View = typeof DEFAULTS;
type SetView = (changes: Partial<View>) => void;

/** A column for each name in use; which are shown stands in the link, and is remembered. */
function useColumns(rows: Run[], names: Names, view: View, setView: SetView) {
  const layout = useLayout("runs", { text: view.cols, setText: (cols) => setView({ cols }) });
  const remembered = layoutText(layout.layout);
  useEffect(() => {
    if (remembered && !view.cols) setView({ cols: remembered }); // so that a copied address shows the same
  }, []);
  const first = rows.slice(0, 100); // what is shown at first does not change while the reader scrolls
  const stat = view.stat === "last" ? "" : view.stat === "at" ? `at ${view.step || 0}` : view.stat;
  const metrics = common(first, (run) => run.metrics).slice(0, METRICS_SHOWN);
  const key = JSON.stringify([namesOf(first, names), metrics, view.diff ? differing(rows) : differing(first).slice(0, PARAMS_SHOWN), stat]);
  const columns = useMemo(() => {
    const [found, metrics, params, stat] = JSON.parse(key) as [Names, string[], string[], string];
    return columnsOf({ names: found, withHypothesis: true, ...(metrics.length > 0 && { metrics }), ...((view.diff || params.length > 0) && { params }), ...(stat && { stat }) });
  }, [key, view.diff]);
  return { columns, layout };
}

function Looks({ view, setView }: { view: View; setView: SetView }) {
  return (
    <Group gap="sm">
      <Select
        size="xs"
        w={110}
        aria-label="Which runs"
        allowDeselect={false}
        data={["active", "archived", "deleted"]}
        value={view.state}
        onChange={(state) => setView({ state: state ?? "active" })}
      />
      <Select size="xs" w={120} aria-label="Which value of a metric" allowDeselect={false} data={STATS} value={view.stat} onChange={(stat) => setView({ stat: stat ?? "last" })} />
      {view.stat === "at" && (
        <NumberInput size="xs" w={90} aria-label="Step" min={0} allowDecimal={false} value={view.step === "" ? 0 : Number(view.step)} onChange={(step) => setView({ step: String(step) })} />
      )}
      <Switch size="xs" label="only params that differ" checked={view.diff === "1"} onChange={(event) => setView({ diff: event.currentTarget.checked ? "1" : "" })} />
    </Group>
  );
}

function Tools({ view, archives }: { view: View; archives: boolean }) {
  return (
    <>
      {view.experiment && (
        <Button variant="default" component={Link} to={`/training/traces?${new URLSearchParams({ experiment: view.experiment })}`} leftSection={<IconTimelineEvent size={15} aria-hidden />}>
          Traces
        </Button>
      )}
      <Views page="runs" />
      <Download
        files={[
          { label: `All that fit, at most ${MOST_IN_FILE.toLocaleString("en-US")}`, name: "runs", link: (format) => fileLink(view, archives, format) },
        ]}
      />
      <Code {...recipe(view)} />
    </>
  );
}
