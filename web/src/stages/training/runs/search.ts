/** What the address says about the table of runs, as the server is asked for it. */
import type { GetParams } from "~/api/types";

export const DEFAULTS = { experiment: "", filter: "", sort: "", state: "active", stat: "last", step: "", diff: "", cols: "" };
export type RunsView = typeof DEFAULTS;

export const ARCHIVED = "pomona.archived";
export const MOST_IN_FILE = 200_000;
const ARCHIVED_FIELD = `tags.\`${ARCHIVED}\``;

/** "-metrics.`rmse`" as the protocol's ORDER BY. */
export function orderBy(sort: string): string[] {
  if (sort === "") return [];
  return [sort.startsWith("-") ? `${sort.slice(1)} DESC` : `${sort} ASC`];
}

type Query = NonNullable<NonNullable<GetParams<"/api/v1/runs">>["query"]>;

/** `archives`: some run has been archived; without any, nothing need be left out. */
export function asked(view: RunsView, archives: boolean): Query {
  const kept = view.state === "archived" ? `${ARCHIVED_FIELD} IS NOT NULL` : view.state === "active" && archives ? `${ARCHIVED_FIELD} IS NULL` : "";
  const filter = [view.filter, kept].filter(Boolean).join(" and ");
  const step = view.stat === "at" && /^\d+$/.test(view.step) ? Number(view.step) : 0;
  return {
    limit: 100,
    filter,
    ...(view.experiment && { experiment: view.experiment }),
    ...(view.sort && { order_by: orderBy(view.sort) }),
    ...(view.state === "deleted" && { view: "DELETED_ONLY" as const }),
    ...(view.stat !== "last" && { stat: view.stat as "min" | "max" | "at" }),
    ...(view.stat === "at" && { step }),
  };
}

/** The address of the same search as a file. */
export function fileLink(view: RunsView, archives: boolean, format: "csv" | "parquet" | "jsonl"): string {
  const { limit: _, order_by, ...rest } = asked(view, archives) as Record<string, string | number | string[]>;
  const query = new URLSearchParams(Object.entries(rest).map(([name, value]) => [name, String(value)]));
  for (const one of (order_by as string[] | undefined) ?? []) query.append("order_by", one);
  return `/api/v1/runs/frame?${query}&format=${format}&limit=${MOST_IN_FILE}`;
}

/** The same search for a terminal and for a notebook. */
export function recipe(view: RunsView): { cli: string; sdk: string } {
  const text = (value: string) => JSON.stringify(value);
  const [order] = orderBy(view.sort);
  const shell = (value: string) => `'${value.replaceAll("'", `'\\''`)}'`;
  const cli = [
    "pomona runs ls",
    view.experiment && `-e ${shell(view.experiment)}`,
    view.filter && `--where ${shell(view.filter)}`,
    order && `--order ${shell(order)}`,
    view.stat !== "last" && `--stat ${view.stat}${view.stat === "at" ? ` --step ${view.step || 0}` : ""}`,
  ].filter(Boolean);
  const sdk = [
    view.experiment && `experiment=${text(view.experiment)}`,
    view.filter && `filter=${text(view.filter)}`,
    order && `order_by=${text(order)}`,
    view.stat !== "last" && `stat=${text(view.stat)}${view.stat === "at" ? `, step=${view.step || 0}` : ""}`,
  ].filter(Boolean);
  return { cli: cli.join(" "), sdk: `import pomona\n\nruns = pomona.connect().runs.frame(${sdk.join(", ")}).to_polars()` };
}
