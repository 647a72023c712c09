/** Readings over event time: each dot is a window and leads to it; the dashed line is where it alarms. */
import { Tooltip } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { Link } from "react-router";

import { roundBetween } from "~/ui/format";

import classes from "./monitoring.module.css";
import type { Point } from "./series";
import { spanText, STATE_COLORS, STATE_WORDS } from "./words";

const HEIGHT = 230;
const BOTTOM = 28;
const LEFT = 58;

interface Props {
  label: string;
  points: Point[];
  level: number | null;
  levelText: string;
  format: (value: number) => string;
  chosen?: string;
}

export function WindowsChart({ label, points, level, levelText, format, chosen }: Props) {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const values = points.flatMap((point) => [point.value, point.low ?? point.value, point.high ?? point.value]);
  const high = Math.max(0, level ?? 0, ...values) * 1.08 || 1;
  const low = Math.min(0, ...values) * 1.08;
  const [first, last] = [points[0]?.at ?? 0, points.at(-1)?.at ?? 1];
  const x = (at: number) => LEFT + 24 + (last > first ? (at - first) / (last - first) : 0.5) * Math.max(0, width - LEFT - 48);
  const y = (value: number) => 8 + ((high - value) / (high - low || 1)) * (HEIGHT - BOTTOM - 8);
  const ticks = roundBetween(low, high);
  const every = Math.max(1, Math.ceil((points.length * 64) / Math.max(1, width - LEFT)));
  return (
    <div ref={ref} className={classes.plot}>
      {width > 0 && (
        <svg width={width} height={HEIGHT} role="group" aria-label={label}>
          {ticks.map((tick) => (
            <g key={tick} aria-hidden>
              <line x1={LEFT} x2={width} y1={y(tick)} y2={y(tick)} className={tick === 0 ? classes.zero : classes.gridline} />
              <text x={LEFT - 8} y={y(tick) + 4} textAnchor="end" className={classes.tick}>
                {format(tick)}
              </text>
            </g>
          ))}
          {level !== null && (
            <g aria-hidden>
              <line x1={LEFT} x2={width} y1={y(level)} y2={y(level)} className={classes.level} />
              <text x={width} y={y(level) - 6} textAnchor="end" className={classes.levelText}>
                {levelText}
              </text>
            </g>
          )}
          <polyline points={points.map((point) => `${x(point.at)},${y(point.value)}`).join(" ")} className={classes.curve} aria-hidden />
          {points.map((point, place) => (
            <g key={point.window.id}>
              {point.low !== undefined && point.high !== undefined && (
                <line x1={x(point.at)} x2={x(point.at)} y1={y(point.low)} y2={y(point.high)} stroke={STATE_COLORS[point.window.state]} strokeWidth={2} strokeOpacity={0.5} aria-hidden />
              )}
              <Tooltip label={`${spanText(point.window)}: ${format(point.value)}`}>
                <Link
                  to={`/monitoring/windows/${point.window.id}`}
                  className={classes.dot}
                  aria-label={`${spanText(point.window)}: ${format(point.value)}, ${STATE_WORDS[point.window.state]}`}
                  {...(chosen === point.window.id && { "aria-current": "true" as const })}
                >
                  <circle cx={x(point.at)} cy={y(point.value)} r={16} fill="transparent" />
                  <Mark cx={x(point.at)} cy={y(point.value)} state={point.window.state} chosen={chosen === point.window.id} />
                </Link>
              </Tooltip>
              {place % every === 0 && (
                <text x={x(point.at)} y={HEIGHT - 8} textAnchor="middle" className={classes.tick} aria-hidden>
                  {new Date(point.window.start).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" })}
                </text>
              )}
            </g>
          ))}
        </svg>
      )}
    </div>
  );
}

/** A circle is fine, a triangle warns, a diamond alarms: the shape says it without the colour. */
function Mark({ cx, cy, state, chosen }: { cx: number; cy: number; state: Point["window"]["state"]; chosen: boolean }) {
  const size = chosen ? 10 : 7;
  const shape = {
    ok: `M${-size} 0A${size} ${size} 0 1 1 ${size} 0A${size} ${size} 0 1 1 ${-size} 0Z`,
    warn: `M0 ${-size * 1.2}L${size * 1.15} ${size * 0.9}H${-size * 1.15}Z`,
    alarm: `M0 ${-size * 1.3}L${size * 1.3} 0 0 ${size * 1.3} ${-size * 1.3} 0Z`,
    thin: `M${-size * 0.7} ${-size * 0.7}H${size * 0.7}V${size * 0.7}H${-size * 0.7}Z`,
  }[state];
  return <path d={shape} transform={`translate(${cx} ${cy})`} fill={STATE_COLORS[state]} className={classes.mark} />;
}
