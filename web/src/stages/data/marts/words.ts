import type { Schema } from "~/api/types";

export const RECIPE = {
  cli: `pomona marts create features features.sql --key loan_id --time applied_at --rebuild on_inputs\npomona marts build features`,
  sdk: `import pomona

pom = pomona.connect()
pom.marts.create("features", """
    select l.loan_id, l.applied_at, l.defaulted, p.amount as last_paid
    from loans l
    asof left join payments p
      on p.customer = l.customer and l.applied_at > p.paid_at
""", key=["loan_id"], time_column="applied_at", rebuild="on_inputs")
pom.marts.build("features")`,
};

export const POLICIES = [
  { value: "manual", label: "by hand" },
  { value: "on_inputs", label: "when an input changes" },
  { value: "cron", label: "at times" },
] as const;

export type Policy = Schema<"Mart">["rebuild"];

/** "when an input changes", "at 0 3 * * *". */
export function rebuildText(mart: Pick<Schema<"Mart">, "rebuild" | "cron">): string {
  return mart.rebuild === "cron" ? `at ${mart.cron}` : (POLICIES.find((one) => one.value === mart.rebuild)?.label ?? mart.rebuild);
}

export function secondsText(seconds: number): string {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}
