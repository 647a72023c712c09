import { useMemo, type ReactNode } from "react";

import type { Pages } from "~/api/queries";
import { Table } from "~/ui/Table";

import { columnsOf, namesOf, type Run } from "./runs/columns";

/** Runs with a column for each metric and parameter that any of them has; the most common are shown first. */
export function RunsTable(props: {
  id: string;
  pages: Pages<Run>;
  empty: ReactNode;
  toolbar?: ReactNode;
  sort?: string;
  onSort?: (sort: string) => void;
  withHypothesis?: boolean;
  /** Metrics that come before all others, as far as any run has them. */
  first?: string[];
}) {
  const { rows } = props.pages;
  const found = namesOf(rows);
  const key = JSON.stringify([{ ...found, metrics: leading(found.metrics, props.first ?? []) }, props.withHypothesis ?? false]);
  const columns = useMemo(() => {
    const [names, withHypothesis] = JSON.parse(key) as [typeof found, boolean];
    return columnsOf({ names, withHypothesis });
  }, [key]);
  return (
    <Table
      id={props.id}
      label="Runs"
      columns={columns}
      pages={props.pages}
      rowId={(run) => run.id}
      href={(run) => `/training/runs/${run.id}`}
      empty={props.empty}
      toolbar={props.toolbar}
      {...(props.sort !== undefined && { sort: props.sort })}
      {...(props.onSort && { onSort: props.onSort })}
    />
  );
}

/** The same names, those of `first` before the others. */
function leading(names: string[], first: string[]): string[] {
  return [...first.filter((name) => names.includes(name)), ...names.filter((name) => !first.includes(name))];
}
