/** Parallel coordinates: a line for each run through all params and metrics; drag on an axis to choose a part. */
import { Anchor, Button, Group, MultiSelect, Stack, Text, VisuallyHidden } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useRef, useState, type PointerEvent } from "react";
import { useNavigate } from "react-router";

import type { Shown } from "./ComparePage";
import classes from "./compare.module.css";
import { compareLink } from "./link";
import { Target } from "./Target";
import { brushesFrom, brushText, within, type Axis } from "./values";

export type Study = Shown & { axes: Axis[]; target: string };

const HEIGHT = 400;
const TOP = 34;
const BOTTOM = HEIGHT - 16;
const MOST_AXES = 8;

export function Parallel({ data, ids, view, setView, axes, target }: Study) {
  const [chosen, choose] = useState<string[] | null>(null);
  const navigate = useNavigate();
  const last = axes.find((axis) => axis.id === `metric:${target}`);
  const params = axes.filter((axis) => axis.id.startsWith("param:"));
  const shown = [...(chosen ? axes.filter((axis) => chosen.includes(axis.id)) : params.slice(0, MOST_AXES)), ...(last ? [last] : [])].filter((axis, place, all) => all.lastIndexOf(axis) === place);
  const brushes = brushesFrom(view.brush);
  const inside = within(axes, brushes, data.runs.length);
  const kept = data.runs.filter((_, run) => inside[run]);
  return (
    <Stack>
      <Group align="flex-end">
        <MultiSelect label="Axes" searchable data={axes.filter((axis) => axis !== last).map((axis) => ({ value: axis.id, label: axis.title }))} value={shown.filter((axis) => axis !== last).map((axis) => axis.id)} onChange={choose} style={{ flex: "1 1 20rem" }} />
        <Target data={data} target={target} setView={setView} label="Coloured by" />
      </Group>
      <Group gap="sm" mih={30}>
        <Text size="sm" c="dimmed">
          {view.brush ? `${kept.length} of ${data.runs.length} runs are inside` : "Drag along an axis to choose a part of it"}
        </Text>
        {view.brush && (
          <>
            <Button size="xs" variant="light" disabled={kept.length < 2 || kept.length === ids.length} onClick={() => void navigate(`${compareLink(kept)}&tab=parallel`)}>
              Keep only these
            </Button>
            <Anchor component="button" type="button" size="sm" onClick={() => setView({ brush: "" })}>
              Choose all again
            </Anchor>
          </>
        )}
      </Group>
      <Drawn axes={shown} data={data} inside={inside} color={last} brushes={brushes} onBrush={(next) => setView({ brush: brushText(next) })} />
    </Stack>
  );
}

function Drawn(props: { axes: Axis[]; data: Shown["data"]; inside: boolean[]; color: Axis | undefined; brushes: Record<string, [number, number]>; onBrush: (next: Record<string, [number, number]>) => void }) {
  const { axes, data, inside, color, brushes } = props;
  const { ref, width } = useElementSize<HTMLDivElement>();
  const [over, setOver] = useState<number | null>(null);
  const x = (place: number) => (axes.length < 2 ? width / 2 : 60 + (place / (axes.length - 1)) * Math.max(0, width - 130));
  const y = (at: number) => BOTTOM - at * (BOTTOM - TOP);
  const path = (run: number) => axes.flatMap((axis, place) => (axis.at[run] === null ? [] : [`${x(place).toFixed(1)},${y(axis.at[run]!).toFixed(1)}`])).join(" ");
  const order = data.runs.map((_, run) => run).sort((a, b) => Number(inside[a]) - Number(inside[b])); // those inside lie on top
  return (
    <div ref={ref} className={classes.plot} role="figure" aria-label={`Parallel coordinates of ${data.runs.length} runs`}>
      <svg width={width} height={HEIGHT} aria-hidden>
        {order.map((run) => (
          <polyline
            key={run}
            points={path(run)}
            className={classes.run}
            stroke={shade(color?.at[run] ?? null)}
            opacity={!inside[run] ? 0.08 : over === null ? 0.65 : over === run ? 1 : 0.25}
            strokeWidth={over === run ? 3 : 1.4}
            onMouseEnter={() => inside[run] && setOver(run)}
            onMouseLeave={() => setOver(null)}
          />
        ))}
        {axes.map((axis, place) => (
          <AxisLine key={axis.id} axis={axis} x={x(place)} y={y} brush={brushes[axis.id]} onBrush={(part) => props.onBrush(changed(brushes, axis.id, part))} />
        ))}
      </svg>
      {over !== null && (
        <div className={classes.tip}>
          <strong>{data.runs[over]!.name}</strong>
          {axes.map((axis) => (
            <div key={axis.id}>{`${axis.title}: ${axis.words[over]}`}</div>
          ))}
        </div>
      )}
      <VisuallyHidden>
        <p>{`${inside.filter(Boolean).length} runs inside. The Table tab has every value.`}</p>
      </VisuallyHidden>
    </div>
  );
}

function AxisLine({ axis, x, y, brush, onBrush }: { axis: Axis; x: number; y: (at: number) => number; brush: [number, number] | undefined; onBrush: (part: [number, number] | null) => void }) {
  const from = useRef<number | null>(null);
  const [dragged, setDragged] = useState<[number, number] | null>(null);
  const at = (event: PointerEvent<SVGRectElement>) => {
    const top = event.currentTarget.ownerSVGElement!.getBoundingClientRect().top;
    return Math.min(1, Math.max(0, (BOTTOM - (event.clientY - top)) / (BOTTOM - TOP)));
  };
  const part = dragged ?? brush;
  return (
    <g>
      <line x1={x} x2={x} y1={y(0)} y2={y(1)} className={classes.axis} />
      <text x={x} y={16} textAnchor="middle" className={classes.title}>
        {axis.title.length > 18 ? `${axis.title.slice(0, 17)}…` : axis.title}
      </text>
      {axis.ticks.map((tick) => (
        <text key={tick.text} x={x + 6} y={y(tick.at) + 4} className={classes.tick}>
          {tick.text.length > 14 ? `${tick.text.slice(0, 13)}…` : tick.text}
        </text>
      ))}
      {part && <rect x={x - 8} width={16} y={y(part[1])} height={Math.max(2, y(part[0]) - y(part[1]))} className={classes.brush} />}
      <rect
        x={x - 12}
        width={24}
        y={TOP - 6}
        height={BOTTOM - TOP + 12}
        fill="transparent"
        style={{ cursor: "ns-resize", touchAction: "none" }}
        data-axis={axis.id}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          from.current = at(event);
          setDragged(null);
        }}
        onPointerMove={(event) => {
          if (from.current === null) return;
          const now = at(event);
          setDragged([Math.min(from.current, now), Math.max(from.current, now)]);
        }}
        onPointerUp={() => {
          from.current = null;
          setDragged(null);
          onBrush(dragged && dragged[1] - dragged[0] > 0.01 ? dragged : null); // a click alone lets go
        }}
      />
    </g>
  );
}

function changed(brushes: Record<string, [number, number]>, id: string, part: [number, number] | null): Record<string, [number, number]> {
  const { [id]: _, ...others } = brushes;
  return part ? { ...others, [id]: part } : others;
}

/** From plum (low) over quince to leaf (high). */
export function shade(at: number | null): string {
  if (at === null) return "var(--mantine-color-dimmed)";
  const [low, high, share] = at < 0.5 ? ["var(--mantine-color-plum-5)", "var(--mantine-color-quince-4)", at * 2] : ["var(--mantine-color-quince-4)", "var(--mantine-color-leaf-6)", at * 2 - 1];
  return `color-mix(in oklab, ${high} ${Math.round(share * 100)}%, ${low})`;
}
