/** What the address says about the table of traces, as the server is asked for it; and the same for elsewhere. */
import type { GetParams } from "~/api/types";

import { orderBy } from "../runs/search";

export const DEFAULTS = { experiment: "", run: "", filter: "", sort: "", cols: "" };
export type TracesView = typeof DEFAULTS;

export const MOST_IN_FILE = 200_000;
type Query = NonNullable<NonNullable<GetParams<"/api/v1/traces">>["query"]>;

export function asked(view: TracesView): Query {
  return {
    limit: 100,
    filter: view.filter,
    ...(view.experiment && { experiment: view.experiment }),
    ...(view.run && { run: view.run }),
    ...(view.sort && { order_by: orderBy(view.sort) }),
  };
}

/** The address of the same search as a file. */
export function fileLink(view: TracesView, rows: "traces" | "spans", format: "csv" | "parquet" | "jsonl"): string {
  const { limit: _, order_by, ...rest } = asked(view);
  const query = new URLSearchParams(Object.entries(rest).map(([name, value]) => [name, String(value)]));
  for (const one of order_by ?? []) query.append("order_by", one);
  return `/api/v1/traces/frame?${query}&rows=${rows}&format=${format}&limit=${MOST_IN_FILE}`;
}

/** The same search for a terminal and for a notebook. */
export function recipe(view: TracesView): { cli: string; sdk: string } {
  const shell = (value: string) => `'${value.replaceAll("'", `'\\''`)}'`;
  const [order] = orderBy(view.sort);
  const asked: [option: string, name: string, value: string | undefined][] = [
    ["-e", "experiment", view.experiment],
    ["--run", "run", view.run],
    ["--where", "filter", view.filter],
    ["--order", "order_by", order],
  ];
  const given = asked.filter(([, , value]) => value);
  const cli = ["pomona traces ls", ...given.map(([option, , value]) => `${option} ${shell(value!)}`)].join(" ");
  const sdk = given.map(([, name, value]) => `${name}=${JSON.stringify(value)}`).join(", ");
  return { cli, sdk: `import pomona\n\ntraces = pomona.connect().traces.frame(${sdk}).to_polars()` };
}

export const START = {
  sdk: `import mlflow\n\nmlflow.set_tracking_uri("${typeof location === "undefined" ? "http://127.0.0.1:7700" : location.origin}")\n\n@mlflow.trace\ndef answer(question): ...`,
};
