/** The compared runs as a table: what differs, and what each measured. */
import { useMemo } from "react";

import { None } from "~/ui/small";
import { useRemembered } from "~/ui/state";
import { Table } from "~/ui/Table";

import { codeLine } from "../code/patch";
import { columnsOf, type Run } from "../runs/columns";
import type { Shown } from "./ComparePage";

export function Sheet({ data }: Shown) {
  const [sort, setSort] = useRemembered("compare.sort", "");
  const key = JSON.stringify([Object.keys(data.metrics), Object.keys(data.params)]);
  const columns = useMemo(() => {
    const [metrics, params] = JSON.parse(key) as [string[], string[]];
    const all = columnsOf({ names: { metrics, params, tags: [] }, params });
    return all.map((column) => ({ ...column, hidden: false, by: by(column.id) }));
  }, [key]);
  const code = useMemo(() => codeColumn(data), [data]);
  return <Table id="compare" label="Compared runs" columns={[...columns.slice(0, 2), code, ...columns.slice(2)]} rows={data.runs} rowId={(run) => run.id} href={(run) => `/training/runs/${run.id}`} sort={sort} onSort={setSort} empty={null} />;
}

/** Which code each ran. */
function codeColumn({ runs, code }: Shown["data"]) {
  const lines = new Map(runs.map((run, place) => [run.id, code[place] ? codeLine(code[place]) : null]));
  return { id: "code", title: "Code", width: 260, cell: (run: Run) => lines.get(run.id) ?? <None why="not known" />, by: (run: Run) => lines.get(run.id) ?? null };
}

function by(id: string): (run: Run) => string | number | null {
  const [kind = "", name = ""] = [id.slice(0, id.indexOf(":")), id.slice(id.indexOf(":") + 1)];
  if (kind === "metric") return (run) => run.metrics[name] ?? null;
  if (kind === "param") {
    return (run) => {
      const value = run.params[name];
      return value === undefined ? null : value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : value;
    };
  }
  return (run) => ({ name: run.name, status: run.status, started: run.started_at, user: run.user })[id] ?? null;
}
