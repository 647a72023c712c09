/** Where a hypothesis stands between its baseline and its target. */
import { VisuallyHidden } from "@mantine/core";

import type { Schema } from "~/api/types";
import { number, percent } from "~/ui/format";

import classes from "./business.module.css";
import { progress } from "./payoffs";

/** What stands before a metric measured on data the run did not learn from; as the gate reads them. */
export const PREFIXES = ["holdout_", "hold_out_", "test_", "eval_", "val_", "validation_", ""];

/** A run's own measurement of a metric, the one on data it did not learn from first. */
export function scoreOf(metrics: Record<string, number>, metric: string): number | undefined {
  return PREFIXES.map((prefix) => metrics[`${prefix}${metric}`]).find((value) => value !== undefined);
}

/** The best score among runs; undefined when none was measured. */
export function bestOf(runs: Schema<"RunSummary">[], hypothesis: Schema<"Hypothesis">): number | undefined {
  const scores = runs.flatMap((run) => scoreOf(run.metrics, hypothesis.metric) ?? []);
  if (scores.length === 0) return undefined;
  return hypothesis.direction === "higher" ? Math.max(...scores) : Math.min(...scores);
}

export function Target({ hypothesis, best }: { hypothesis: Schema<"Hypothesis">; best: number | undefined }) {
  const { baseline, target, metric } = hypothesis;
  const reached = best === undefined ? 0 : progress(best, baseline, target);
  // When the best is beyond the target, the rail ends at the best.
  const scale = Math.max(1, reached);
  const place = (share: number) => `${Math.min(Math.max(share / scale, 0), 1) * 100}%`;
  return (
    <div className={classes.way} role="figure" aria-label={`${metric} between baseline and target`}>
      <div className={classes.rail} />
      <div className={classes.filled} style={{ width: place(reached) }} />
      <span className={classes.end} style={{ left: 0 }} />
      <span className={`${classes.mark} ${classes.below}`} style={{ left: 0 }}>
        baseline <strong>{number(baseline)}</strong>
      </span>
      <span className={classes.target} style={{ left: place(1) }} />
      <span className={`${classes.mark} ${classes.below}`} style={{ left: place(1) }}>
        target <strong>{number(target)}</strong>
      </span>
      {best !== undefined && (
        <>
          <span className={classes.dot} style={{ left: place(reached) }} />
          <span className={classes.mark} style={{ left: place(reached) }}>
            best run <strong>{number(best)}</strong>
          </span>
        </>
      )}
      <VisuallyHidden>{best === undefined ? "No run measured it yet." : `${percent(reached, 0)} of the way.`}</VisuallyHidden>
    </div>
  );
}
