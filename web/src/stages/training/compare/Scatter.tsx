/** Two params or metrics against each other, a point for each run. */
import { Group, Select, Stack, Text, VisuallyHidden } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useState } from "react";
import { useNavigate } from "react-router";

import classes from "./compare.module.css";
import { shade, type Study } from "./Parallel";
import { Target } from "./Target";
import type { Axis } from "./values";

const HEIGHT = 420;
const LEFT = 100;
const BOTTOM = 44;

export function Scatter({ data, view, setView, axes, target }: Study) {
  const find = (id: string, other: Axis | undefined) => axes.find((axis) => axis.id === id) ?? other;
  const x = find(view.px, axes.find((axis) => axis.id.startsWith("param:") && axis.numbers) ?? axes[0]);
  const y = find(view.py, axes.find((axis) => axis.id === `metric:${target}`) ?? axes.at(-1));
  const color = axes.find((axis) => axis.id === `metric:${target}`);
  const choices = axes.map((axis) => ({ value: axis.id, label: axis.id.replace(":", " ") }));
  if (!x || !y) return <Text c="dimmed">These runs differ in no param, and measured nothing.</Text>;
  return (
    <Stack>
      <Group align="flex-end">
        <Select label="Across" searchable allowDeselect={false} data={choices} value={x.id} onChange={(px) => setView({ px: px ?? "" })} />
        <Select label="Up" searchable allowDeselect={false} data={choices} value={y.id} onChange={(py) => setView({ py: py ?? "" })} />
        <Target data={data} target={target} setView={setView} label="Coloured by" />
      </Group>
      <Points runs={data.runs} x={x} y={y} color={color} />
    </Stack>
  );
}

function Points({ runs, x, y, color }: { runs: Study["data"]["runs"]; x: Axis; y: Axis; color: Axis | undefined }) {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const [over, setOver] = useState<number | null>(null);
  const navigate = useNavigate();
  const px = (at: number) => LEFT + 12 + at * Math.max(0, width - LEFT - 40);
  const py = (at: number) => HEIGHT - BOTTOM - 12 - at * (HEIGHT - BOTTOM - 32);
  const both = runs.map((_, run) => run).filter((run) => x.at[run] != null && y.at[run] != null);
  return (
    <div ref={ref} className={classes.plot} role="figure" aria-label={`${y.title} by ${x.title}`}>
      <svg width={width} height={HEIGHT} aria-hidden>
        {y.ticks.map((tick) => (
          <g key={tick.text}>
            <line x1={LEFT} x2={width} y1={py(tick.at)} y2={py(tick.at)} className={classes.grid} />
            <text x={LEFT - 8} y={py(tick.at) + 4} textAnchor="end" className={classes.tick}>
              {tick.text.length > 11 ? `${tick.text.slice(0, 10)}…` : tick.text}
            </text>
          </g>
        ))}
        {x.ticks.map((tick) => (
          <text key={tick.text} x={px(tick.at)} y={HEIGHT - BOTTOM + 18} textAnchor="middle" className={classes.tick}>
            {tick.text.length > 11 ? `${tick.text.slice(0, 10)}…` : tick.text}
          </text>
        ))}
        <text x={14} y={(HEIGHT - BOTTOM) / 2} transform={`rotate(-90 14 ${(HEIGHT - BOTTOM) / 2})`} textAnchor="middle" className={classes.title}>
          {y.title + (y.log ? " (powers of ten)" : "")}
        </text>
        <text x={LEFT + (width - LEFT) / 2} y={HEIGHT - 6} textAnchor="middle" className={classes.title}>
          {x.title + (x.log ? " (powers of ten)" : "")}
        </text>
        {both.map((run) => (
          <circle
            key={run}
            cx={px(x.at[run]!)}
            cy={py(y.at[run]!)}
            r={over === run ? 8 : 5.5}
            fill={shade(color?.at[run] ?? null)}
            className={classes.point}
            onMouseEnter={() => setOver(run)}
            onMouseLeave={() => setOver(null)}
            onClick={() => void navigate(`/training/runs/${runs[run]!.id}`)}
          />
        ))}
      </svg>
      {over !== null && (
        <div className={classes.tip}>
          <strong>{runs[over]!.name}</strong>
          {[x, y, ...(color && color !== x && color !== y ? [color] : [])].map((axis) => (
            <div key={axis.id}>{`${axis.title}: ${axis.words[over]}`}</div>
          ))}
        </div>
      )}
      <VisuallyHidden>
        <p>{`${both.length} runs have both. The Table tab has every value.`}</p>
      </VisuallyHidden>
    </div>
  );
}
