import { useMemo } from "react";
import { Link } from "react-router";

import type { Mood, StageState } from "~/api/types";
import { stageOf } from "~/stages";
import type { StageKey } from "~/stages/stage";

import classes from "./Ring.module.css";

const RADIUS = 231; // of 600 x 600; puts the discs level with the three rows of cards beside the ring
const INNER = 128;
const DISC = 38;

/** Where the stages stand: the first at eleven o'clock, where reading begins, then clockwise. */
const ANGLES = [-120, -60, 0, 60, 120, 180];

interface Point {
  x: number;
  y: number;
}

function at(degrees: number, radius: number): Point {
  const angle = (degrees * Math.PI) / 180;
  return { x: radius * Math.cos(angle), y: radius * Math.sin(angle) };
}

function arc(from: number, to: number, radius: number): string {
  const [start, end] = [at(from, radius), at(to, radius)];
  const large = (to - from + 360) % 360 > 180 ? 1 : 0;
  return `M${start.x.toFixed(2)} ${start.y.toFixed(2)}A${radius} ${radius} 0 ${large} 1 ${end.x.toFixed(2)} ${end.y.toFixed(2)}`;
}

/**
 * The circle itself: a vine from stage to stage, a fruit for each, and the loop turning inside. It is a picture
 * for the eye and the mouse; the cards beside it say and link the same for everyone.
 */
export function Ring({ stages, loop, pulses }: { stages: StageState[]; loop: StageState; pulses: ReadonlyMap<StageKey, number> }) {
  const gap = (DISC / RADIUS) * (180 / Math.PI) + 4.5;
  const turning = loop.state === "busy";
  return (
    <svg viewBox="-300 -300 600 600" className={classes.ring} aria-hidden>
      <circle r={RADIUS} className={classes.ground} />
      {ANGLES.map((angle, place) => (
        <Vine key={place} from={angle + gap} to={angle + 60 - gap} closing={place === ANGLES.length - 1} />
      ))}
      <g className={turning ? classes.turning : undefined} data-state={loop.state}>
        {[0, 120, 240].map((angle) => (
          <LoopArrow key={angle} from={angle - 80} to={angle + 18} state={loop.state} />
        ))}
      </g>
      {stages.map((stage, place) => (
        <Fruit key={stage.stage} stage={stage} angle={ANGLES[place] ?? 0} pulse={pulses.get(stage.stage) ?? 0} />
      ))}
    </svg>
  );
}

/** A stretch of vine with its leaves, pointing onward; the last one closes the circle. */
function Vine({ from, to, closing }: { from: number; to: number; closing: boolean }) {
  const leaves = useMemo(
    () => [
      { degrees: from + (to - from) * 0.12, side: 1, size: 0.85 },
      { degrees: from + (to - from) * 0.34, side: -1, size: 1.05 },
      { degrees: from + (to - from) * 0.58, side: 1, size: 1 },
    ],
    [from, to],
  );
  const tip = at(to, RADIUS);
  return (
    <g className={closing ? classes.closing : classes.vine}>
      <path d={arc(from, to - 3, RADIUS)} className={classes.stem} />
      {leaves.map(({ degrees, side, size }) => {
        const point = at(degrees, RADIUS);
        return (
          <path
            key={degrees}
            d="M0 0C4-10 15-14 28-9 23 3 12 7 0 0Z"
            className={classes.leaf}
            transform={`translate(${point.x} ${point.y}) rotate(${degrees + 90 + (side > 0 ? 30 : -30)}) scale(${size} ${size * side})`}
          />
        );
      })}
      <path d="M-13-8.500C-7-3-7 3-13 8.500-4 7 2 4 6 0 2-4-4-7-13-8.500Z" className={classes.tip} transform={`translate(${tip.x} ${tip.y}) rotate(${to + 88})`} />
    </g>
  );
}

function LoopArrow({ from, to, state }: { from: number; to: number; state: Mood }) {
  const tip = at(to, INNER);
  return (
    <g className={classes.loop} data-state={state}>
      <path d={arc(from, to - 3, INNER)} className={classes.loopStem} />
      <path d="M-12-7.500C-7-2.500-7 2.500-12 7.500-4 6 2 3.500 6 0 2-3.500-4-6-12-7.500Z" transform={`translate(${tip.x} ${tip.y}) rotate(${to + 87})`} className={classes.loopTip} />
    </g>
  );
}

/** A stage on the ring. Empty: a bud. Else filled in the colour of its state, with a sign beside the colour. */
function Fruit({ stage, angle, pulse }: { stage: StageState; angle: number; pulse: number }) {
  const { x, y } = at(angle, RADIUS);
  const { icon: Sign, path } = stageOf(stage.stage);
  const outward = Math.abs(angle) === 60 || Math.abs(angle) === 120 ? (Math.abs(angle) === 60 ? 1 : -1) : 0;
  return (
    <g transform={`translate(${x} ${y})`}>
      {outward !== 0 && <path d={`M${outward * (DISC + 8)} 0H${outward * 178}`} className={classes.tendril} />}
      {outward === 0 && <path d={`M${Math.sign(x) * (DISC + 8)} 0H${Math.sign(x) * 66}`} className={classes.tendril} />}
      <Link to={path} tabIndex={-1} className={classes.fruit} data-state={stage.state}>
        {pulse > 0 && <circle key={pulse} r={DISC} className={classes.pulse} />}
        <path d="M1-37C1-45 6-52 15-55" className={classes.stalk} />
        <path d="M6-45C10-56 20-61 33-58 31-47 20-41 6-45Z" className={classes.stalkLeaf} />
        <circle r={DISC} className={classes.skin} />
        <path d={arc(-155, -105, DISC - 7)} className={classes.shine} />
        <Sign x={-15} y={-15} width={30} height={30} stroke={1.7} className={classes.sign} aria-hidden />
        <StateMark state={stage.state} />
      </Link>
    </g>
  );
}

/** State without colour: a tick, an exclamation mark, dots. */
function StateMark({ state }: { state: Mood }) {
  if (state === "empty") return null;
  return (
    <g transform="translate(28 27)" className={classes.mark} data-state={state}>
      <circle r={11.500} className={classes.markGround} />
      {state === "ok" && <path d="M-4.500.5-1.500 3.500 4.500-3" className={classes.markLine} />}
      {state === "attention" && <path d="M0-5.500V1M0 4.600V5" className={classes.markLine} />}
      {state === "busy" && <path d="M-4.500 0H-4.400M0 0H.1M4.500 0H4.600" className={classes.markLine} />}
    </g>
  );
}
