/** One column of a window beside the training data: how far it moved, and what that looks like. */
import { Group, Text } from "@mantine/core";

import type { Schema } from "~/api/types";
import { date, number, percent } from "~/ui/format";
import { StateBadge } from "~/ui/small";

import { missingShare } from "../data/bins";
import { densityOf, sharesOf, type DensityBin } from "./density";
import classes from "./monitoring.module.css";
import { plain, STATE_WORDS } from "./words";

type Reading = Schema<"ColumnReading">;

export function ColumnCard({ reading }: { reading: Reading }) {
  const missing = [missingShare(reading.reference), missingShare(reading.window)] as const;
  return (
    <li className={classes.columnCard} data-state={reading.state}>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text fw={600} className={classes.name}>
          {plain(reading.column)}
        </Text>
        <StateBadge state={reading.state} label={STATE_WORDS[reading.state]} />
      </Group>
      <Meter reading={reading} />
      <div className={classes.picture}>
        <Picture reading={reading} />
      </div>
      {missing[0] + missing[1] > 0.001 && (
        <Text size="xs" c="dimmed">{`missing: ${percent(missing[0])} in training, ${percent(missing[1])} here`}</Text>
      )}
    </li>
  );
}

/** The score on its way to the alarm. */
function Meter({ reading: { drift, threshold } }: { reading: Reading }) {
  const excess = Math.max(0, drift.score - drift.noise);
  const share = threshold > 0 ? excess / threshold : 0;
  const what = `moved by ${number(excess, 3)} beyond noise, alarms at ${number(threshold, 3)}`;
  return (
    <div title={`${drift.measure} ${number(drift.score, 3)}, of which chance explains ${number(drift.noise, 2)}`}>
      <div className={classes.meter} role="img" aria-label={what}>
        <div style={{ width: `${Math.min(1, share) * 100}%` }} />
      </div>
      <Text size="xs" c="dimmed">
        {what}
      </Text>
    </div>
  );
}

function Picture({ reading: { column, reference, window } }: { reading: Reading }) {
  if (reference.kind === "category" && window.kind === "category") {
    const rows = sharesOf(reference, window);
    const most = Math.max(...rows.flatMap((row) => [row.reference, row.window]), 1e-9);
    return (
      <dl className={classes.shares}>
        {rows.map((row) => (
          <div key={row.value}>
            <dt title={row.value}>{row.value || "(empty)"}</dt>
            <dd>
              <span className={classes.bars} aria-hidden>
                <span className={classes.before} style={{ width: `${(row.reference / most) * 100}%` }} />
                <span className={classes.now} style={{ width: `${(row.window / most) * 100}%` }} />
              </span>
              <span className={classes.change}>{`${percent(row.reference)} → ${percent(row.window)}`}</span>
            </dd>
          </div>
        ))}
      </dl>
    );
  }
  if (reference.kind === "category" || window.kind === "category") return <Text size="sm" c="dimmed">It was of another type in training.</Text>;
  const bins = densityOf(reference, window);
  if (!bins) return <Text size="sm" c="dimmed">No value to compare.</Text>;
  return <Density name={plain(column)} bins={bins} text={reference.kind === "time" ? (at) => date(new Date(at)) : (value) => number(value, 3)} />;
}

/** Areas are shares of rows: filled is the window, the outline is the training data. */
function Density({ name, bins, text }: { name: string; bins: DensityBin[]; text: (value: number) => string }) {
  const [first, last] = [bins[0]!, bins.at(-1)!];
  const x = (value: number) => ((value - first.from) / (last.to - first.from || 1)) * 100;
  const y = (height: number) => 76 - height * 74;
  const outline = bins.map((bin, place) => `${place === 0 ? `M${x(bin.from)} 76V` : "V"}${y(bin.reference)}H${x(bin.to)}`).join("");
  return (
    <>
      <svg className={classes.density} viewBox="0 0 100 76" preserveAspectRatio="none" role="img" aria-label={`${name}: training data and window`}>
        {bins.map((bin) => (
          <rect key={bin.from} x={x(bin.from)} width={Math.max(0.3, x(bin.to) - x(bin.from))} y={y(bin.window)} height={76 - y(bin.window)} className={classes.bin} />
        ))}
        <path d={`${outline}V76Z`} className={classes.outline} />
        {bins.map((bin) => (
          <rect key={bin.from} x={x(bin.from)} width={Math.max(0.3, x(bin.to) - x(bin.from))} y={0} height={76} fill="transparent">
            <title>{`${text(bin.from)} to ${text(bin.to)}: ${percent(bin.referenceShare)} in training, ${percent(bin.windowShare)} here`}</title>
          </rect>
        ))}
      </svg>
      <div className={classes.ends}>
        <span>{text(first.from)}</span>
        <span>{text(last.to)}</span>
      </div>
    </>
  );
}
