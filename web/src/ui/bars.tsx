/** Bars and histograms as SVG: no library, sharp at any size, coloured by the theme. */
import { Group, Text, VisuallyHidden } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useState } from "react";

import { SERIES } from "~/theme/palette";

import classes from "./Chart.module.css";
import { number, percent } from "./format";

export interface Bar {
  label: string;
  value: number;
  color?: string;
  /** Said in the tooltip beside the value. */
  note?: string;
}

/** One distribution: shares of the bins, summing to 1. */
export interface Shares {
  name: string;
  shares: number[];
  color?: string;
}

interface Drawn {
  label: string;
  parts: { name: string; value: number; color: string; text: string }[];
}

const BOTTOM = 26;

export function Bars(props: { label: string; bars: Bar[]; format?: (value: number) => string; height?: number }) {
  const { bars, format = number } = props;
  const columns = bars.map((bar): Drawn => {
    const usual = bar.value < 0 ? "var(--ink-pomegranate)" : SERIES[0];
    return {
      label: bar.label,
      parts: [{ name: bar.label, value: bar.value, color: bar.color ?? usual, text: `${format(bar.value)}${bar.note ? ` · ${bar.note}` : ""}` }],
    };
  });
  return <Plot label={props.label} columns={columns} format={format} height={props.height} />;
}

export function Histogram(props: { label: string; bins: string[]; series: Shares[]; height?: number }) {
  const coloured = props.series.map((one, place) => ({ ...one, color: one.color ?? SERIES[place % SERIES.length]! }));
  const columns = props.bins.map((bin, place): Drawn => ({
    label: bin,
    parts: coloured.map((one) => ({ name: one.name, value: one.shares[place] ?? 0, color: one.color, text: percent(one.shares[place] ?? 0) })),
  }));
  return (
    <div>
      <Plot label={props.label} columns={columns} format={(value) => percent(value, Number.isInteger(Number((value * 100).toFixed(6))) ? 0 : 1)} height={props.height} />
      <Group gap="md" mt={4} justify="center">
        {coloured.map((one) => (
          <Group key={one.name} gap={6}>
            <span className={classes.swatch} style={{ background: one.color }} />
            <Text size="sm">{one.name}</Text>
          </Group>
        ))}
      </Group>
    </div>
  );
}

function Plot(props: { label: string; columns: Drawn[]; format: (value: number) => string; height?: number | undefined }) {
  const { columns, format, height = 200 } = props;
  const { ref, width } = useElementSize<HTMLDivElement>();
  const [over, setOver] = useState<number | null>(null);
  const values = columns.flatMap((column) => column.parts.map((part) => part.value));
  const top = Math.max(0, ...values);
  const bottom = Math.min(0, ...values);
  const ticks = niceTicks(bottom, top);
  const left = 14 + 7 * Math.max(...ticks.map((tick) => format(tick).length));
  const high = Math.max(ticks.at(-1)!, top);
  const low = Math.min(ticks[0]!, bottom);
  const y = (value: number) => 8 + ((high - value) / (high - low || 1)) * (height - BOTTOM - 8);
  const step = columns.length > 0 ? Math.max(0, width - left) / columns.length : 0;
  const thickness = Math.min(46, (step * 0.76) / Math.max(1, columns[0]?.parts.length ?? 1));
  const everyLabel = Math.max(1, Math.ceil((Math.max(...columns.map((column) => column.label.length), 1) * 6.5 + 8) / (step || 1)));
  const shown = over === null ? null : columns[over];
  return (
    <div ref={ref} className={classes.plot} role="figure" aria-label={props.label} onMouseLeave={() => setOver(null)}>
      <svg width={width} height={height} aria-hidden>
        {ticks.map((tick) => (
          <g key={tick}>
            <line x1={left} x2={width} y1={y(tick)} y2={y(tick)} className={tick === 0 ? classes.zero : classes.gridline} />
            <text x={left - 8} y={y(tick) + 4} textAnchor="end" className={classes.tick}>
              {format(tick)}
            </text>
          </g>
        ))}
        {columns.map((column, place) => {
          const middle = left + step * (place + 0.5);
          const start = middle - (thickness * column.parts.length) / 2;
          return (
            <g key={place} onMouseEnter={() => setOver(place)} opacity={over === null || over === place ? 1 : 0.55}>
              <rect x={left + step * place} y={0} width={step} height={height - BOTTOM} fill="transparent" />
              {column.parts.map((part, index) => (
                <rect
                  key={part.name}
                  x={start + thickness * index + 0.5}
                  width={Math.max(1, thickness - 1)}
                  y={Math.min(y(0), y(part.value))}
                  height={Math.abs(y(part.value) - y(0))}
                  fill={part.color}
                  rx={Math.min(3, thickness / 4)}
                />
              ))}
              {place % everyLabel === 0 && (
                <text x={middle} y={height - 8} textAnchor="middle" className={classes.tick}>
                  {column.label}
                </text>
              )}
            </g>
          );
        })}
      </svg>
      {shown && over !== null && (
        <div className={classes.tip} style={{ left: Math.min(Math.max(left + step * (over + 0.5), 70), width - 70) }}>
          <strong>{shown.label}</strong>
          {shown.parts.map((part) => (
            <div key={part.name}>
              {shown.parts.length > 1 && <span className={classes.swatch} style={{ background: part.color }} />} {shown.parts.length > 1 && `${part.name} `}
              {part.text}
            </div>
          ))}
        </div>
      )}
      <VisuallyHidden>
        <ul>
          {columns.map((column, place) => (
            <li key={place}>{`${column.label}: ${column.parts.map((part) => (column.parts.length > 1 ? `${part.name} ${part.text}` : part.text)).join(", ")}`}</li>
          ))}
        </ul>
      </VisuallyHidden>
    </div>
  );
}

/** Three to six round numbers that span the values. */
function niceTicks(low: number, high: number): number[] {
  const span = high - low || 1;
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const ticks = [];
  for (let place = Math.floor(low / step); place * step < high + step * 0.999 && ticks.length < 12; place++) {
    ticks.push(Number((place * step).toPrecision(12)));
  }
  return ticks;
}
