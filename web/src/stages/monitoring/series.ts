/** Windows as points of a chart. */
import type { Schema } from "~/api/types";

type Window = Schema<"Window">;

export interface Point {
  window: Window;
  at: number;
  value: number;
  low?: number;
  high?: number;
}

/** Drift: the furthest column, as a share of its own alarm level; 1 alarms. Oldest first. */
export function driftPoints(windows: Window[]): Point[] {
  return points(windows, "drift", (window) => ({ value: window.threshold > 0 ? window.score / window.threshold : 0 }));
}

/** Quality: the metric itself, with the interval of the money where that is the metric. Oldest first. */
export function qualityPoints(windows: Window[]): Point[] {
  return points(windows, "quality", ({ quality }) => {
    if (quality?.value == null) return null;
    const noisy = quality.interval !== null && quality.value_per_prediction === quality.value;
    return { value: quality.value, ...(noisy && { low: quality.interval!.low, high: quality.interval!.high }) };
  });
}

function points(windows: Window[], kind: Window["kind"], of: (window: Window) => Omit<Point, "window" | "at"> | null): Point[] {
  return windows
    .filter((window) => window.kind === kind)
    .flatMap((window): Point[] => {
      const drawn = of(window);
      return drawn ? [{ window, at: (Date.parse(window.start) + Date.parse(window.end)) / 2, ...drawn }] : [];
    })
    .sort((a, b) => a.at - b.at);
}
