/** How much of a metric goes with each param, and how much of that may be chance. */
import { Stack, Text } from "@mantine/core";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number, percent } from "~/ui/format";
import { ErrorNotice, Loading } from "~/ui/notices";
import { StateBadge } from "~/ui/small";

import classes from "./compare.module.css";
import type { Study } from "./Parallel";
import { Target } from "./Target";

export function Importance({ data, ids, setView, target }: Study) {
  const { data: found, error, isPending } = useGet("/api/v1/runs/importance", { query: { id: ids, metric: target } }, { enabled: target !== "" });
  return (
    <Stack>
      <Target data={data} target={target} setView={setView} label="Metric" />
      {error ? <ErrorNotice error={error} /> : isPending ? <Loading /> : found.length === 0 ? <Text c="dimmed">Nothing can be said: no param changes among runs that measured it.</Text> : <Shares found={found} />}
      <Text size="sm" c="dimmed" maw="46rem">
        The share of the variance of the metric&rsquo;s ranks that goes with each param: the effect size ε² of the Kruskal–Wallis test, corrected for chance. Numbers count in five equally large groups, so a best value in
        the middle is seen, too. One param at a time: what two do only together is not seen, and params that were changed together share what one of them did. It is no proof of a cause.
      </Text>
    </Stack>
  );
}

function Shares({ found }: { found: Schema<"ParamImportance">[] }) {
  return (
    <table className={classes.shares} aria-label="Importance of params">
      <thead>
        <tr>
          <th scope="col">Param</th>
          <th scope="col">Share</th>
          <th scope="col">Direction</th>
          <th scope="col">By chance</th>
          <th scope="col">Runs</th>
        </tr>
      </thead>
      <tbody>
        {found.map((one) => (
          <tr key={one.param}>
            <th scope="row">{one.param}</th>
            <td>
              <div className={classes.share}>
                <span style={{ width: `${(one.share * 100).toFixed(1)}%`, opacity: one.p_value < 0.05 ? 1 : 0.35 }} />
                <em>{percent(one.share)}</em>
              </div>
            </td>
            <td>{one.direction === null ? "words" : `${one.direction > 0 ? "rises" : "falls"} (ρ = ${number(one.direction, 2)})`}</td>
            <td>{one.p_value < 0.05 ? one.p_value < 1e-4 ? "p < 0.0001" : `p = ${number(one.p_value, 2)}` : <StateBadge state="warn" label={`may be chance, p = ${number(one.p_value, 2)}`} />}</td>
            <td>{`${one.runs}, in ${one.groups} groups`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
