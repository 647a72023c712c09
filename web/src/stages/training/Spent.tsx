/** What runs cost in all: of an experiment, for a hypothesis, or everything. */
import { Text } from "@mantine/core";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { Money } from "~/ui/small";

type Sum = Schema<"Spent">;

/** "12.40 EUR for 31 runs, 8.2 hours; 3 more have no price." Nothing where no price is set. */
export function Spent(of: { experiment?: string; hypothesis?: string }) {
  // Summed over every run, so once a minute, not at each event.
  const { data } = useGet("/api/v1/runs/cost", { query: of }, { immutable: true, refetchInterval: 60_000 });
  if (!data || data.amount === null) return null;
  return (
    <Text size="sm" component="div">
      <strong>
        {isTiny(data.amount) ? <>under <Money amount="0.01" currency={data.currency} /></> : <Money amount={data.amount} currency={data.currency} />}
      </strong>
      <Text span c="dimmed">{` ${words(data)}`}</Text>
    </Text>
  );
}

function isTiny(amount: string): boolean {
  return Number(amount) > 0 && Number(amount) < 0.005;
}

/** What stands beside the amount. */
export function words({ runs, seconds, unpriced }: Sum): string {
  const priced = runs - unpriced;
  const more = unpriced > 0 ? `; ${unpriced.toLocaleString("en-US")} more ran on what has no price` : "";
  return `for ${priced.toLocaleString("en-US")} ${priced === 1 ? "run that has" : "runs that have"} ended, ${hours(seconds)}${unpriced > 0 ? " with all" : ""}${more}`;
}

function hours(seconds: number): string {
  const [value, unit]: [number, string] = seconds < 60 ? [seconds, "seconds"] : seconds < 3_600 ? [seconds / 60, "minutes"] : [seconds / 3_600, "hours"];
  const text = value.toLocaleString("en-US", { maximumFractionDigits: 1 });
  return `${text} ${text === "1" ? unit.slice(0, -1) : unit}`;
}
