/** A metric's spread within each value of a param. */
import { Group, Select, Stack, Text, VisuallyHidden } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";

import { count, number, roundBetween } from "~/ui/format";

import classes from "./compare.module.css";
import type { Study } from "./Parallel";
import { Target } from "./Target";
import { boxesOf, groupsOf, type Box } from "./values";

const HEIGHT = 380;
const LEFT = 100;
const BOTTOM = 70;
const MOST = 24;

export function Boxes({ data, view, setView, axes, target }: Study) {
  const params = axes.filter((axis) => axis.id.startsWith("param:"));
  const by = params.find((axis) => axis.id === view.by) ?? params[0];
  const values = data.metrics[target] ?? [];
  const groups = by ? groupsOf(by) : data.runs.map(() => "all runs");
  const boxes = boxesOf(groups, values);
  return (
    <Stack>
      <Group align="flex-end">
        <Target data={data} target={target} setView={setView} label="Metric" />
        <Select label="By" searchable allowDeselect={false} data={params.map((axis) => ({ value: axis.id, label: axis.title }))} value={by?.id ?? null} onChange={(next) => setView({ by: next ?? "" })} />
      </Group>
      {boxes.length === 0 ? (
        <Text c="dimmed">None of these runs measured it.</Text>
      ) : (
        <Drawn boxes={boxes.slice(0, MOST)} metric={target} by={by?.title ?? "run"} />
      )}
      <Text size="sm" c="dimmed">
        {`Box: from the quarter below to the quarter above, the line is the median; whiskers reach as far as 1.5 boxes, points lie beyond.${boxes.length > MOST ? ` The first ${MOST} of ${boxes.length} values are drawn.` : ""}`}
      </Text>
    </Stack>
  );
}

function Drawn({ boxes, metric, by }: { boxes: Box[]; metric: string; by: string }) {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const all = boxes.flatMap((box) => [box.low, box.high, ...box.outliers]);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const y = (value: number) => 14 + ((high - value) / (high - low || 1)) * (HEIGHT - BOTTOM - 28);
  const step = Math.max(0, width - LEFT) / boxes.length;
  const half = Math.min(32, step * 0.3);
  const ticks = high > low ? roundBetween(low, high) : [low];
  return (
    <div ref={ref} className={classes.plot} role="figure" aria-label={`${metric} by ${by}`}>
      <svg width={width} height={HEIGHT} aria-hidden>
        {ticks.map((tick, place) => (
          <g key={place}>
            <line x1={LEFT} x2={width} y1={y(tick)} y2={y(tick)} className={classes.grid} />
            <text x={LEFT - 8} y={y(tick) + 4} textAnchor="end" className={classes.tick}>
              {number(tick, 3)}
            </text>
          </g>
        ))}
        {boxes.map((box, place) => {
          const middle = LEFT + step * (place + 0.5);
          return (
            <g key={box.label} className={classes.box}>
              <title>{inWords(box)}</title>
              <line x1={middle} x2={middle} y1={y(box.low)} y2={y(box.high)} />
              <rect x={middle - half} width={half * 2} y={y(box.threeQuarters)} height={Math.max(1, y(box.quarter) - y(box.threeQuarters))} rx={3} />
              <line x1={middle - half} x2={middle + half} y1={y(box.median)} y2={y(box.median)} strokeWidth={2.5} />
              {box.outliers.map((value, nth) => (
                <circle key={nth} cx={middle} cy={y(value)} r={3} />
              ))}
              <text x={middle} y={HEIGHT - BOTTOM + 20} textAnchor="middle" className={classes.tick}>
                {box.label.length * 7 > step ? `${box.label.slice(0, Math.max(3, Math.floor(step / 7) - 1))}…` : box.label}
              </text>
              <text x={middle} y={HEIGHT - BOTTOM + 36} textAnchor="middle" className={classes.tick}>
                {step < 60 ? number(box.count) : count(box.count, "run")}
              </text>
            </g>
          );
        })}
        <text x={14} y={(HEIGHT - BOTTOM) / 2} transform={`rotate(-90 14 ${(HEIGHT - BOTTOM) / 2})`} textAnchor="middle" className={classes.title}>
          {metric}
        </text>
        <text x={LEFT + (width - LEFT) / 2} y={HEIGHT - 6} textAnchor="middle" className={classes.title}>
          {by}
        </text>
      </svg>
      <VisuallyHidden>
        <ul>
          {boxes.map((box) => (
            <li key={box.label}>{inWords(box)}</li>
          ))}
        </ul>
      </VisuallyHidden>
    </div>
  );
}

function inWords(box: Box): string {
  return `${box.label}: ${box.count} runs, median ${number(box.median)}, box ${number(box.quarter)} to ${number(box.threeQuarters)}, whiskers ${number(box.low)} to ${number(box.high)}`;
}
