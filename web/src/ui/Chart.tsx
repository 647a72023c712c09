import { lazy, Suspense } from "react";

import { Bars, Histogram, type Bar, type Shares } from "./bars";
import { Loading } from "./notices";

const LineChart = lazy(() => import("./LineChart"));

export interface Series {
  name: string;
  /** Unix milliseconds on a time axis, else plain numbers; rising. */
  x: number[];
  y: (number | null)[];
  color?: string;
  dashed?: boolean;
  /** The band around a mean; as long as `y`. */
  low?: number[];
  high?: number[];
}

/** A level or a moment worth a line across the chart: a threshold, an incident, a promotion. */
export interface Mark {
  at: number;
  label: string;
  color?: string;
}

export interface LineProps {
  kind: "line";
  /** What the chart shows, for readers who cannot see it, and the file name when it is saved. */
  label: string;
  series: Series[];
  x: "time" | "number";
  levels?: Mark[];
  moments?: Mark[];
  /** How values of y are written, e.g. `(value) => percent(value)`. */
  format?: (value: number) => string;
  height?: number;
  /** The vertical axis counts powers of ten; what is not above zero is left out. */
  log?: boolean;
  /** The part of x that is shown, shared by charts; null is all. `onRange` tells of the reader's zoom. */
  range?: [number, number] | null;
  onRange?: (range: [number, number] | null) => void;
}

export type ChartProps =
  | LineProps
  /** Amounts side by side; negative ones hang below the line. */
  | { kind: "bars"; label: string; bars: Bar[]; format?: (value: number) => string; height?: number }
  /** Two or more distributions over the same bins: what was expected, what came. */
  | { kind: "histogram"; label: string; bins: string[]; series: Shares[]; height?: number };

/** The one chart: lines by uPlot (loaded when first needed), bars and histograms as plain SVG. */
export function Chart(props: ChartProps) {
  switch (props.kind) {
    case "line":
      return (
        <Suspense fallback={<Loading lines={3} />}>
          <LineChart {...props} />
        </Suspense>
      );
    case "bars":
      return <Bars {...props} />;
    case "histogram":
      return <Histogram {...props} />;
  }
}
