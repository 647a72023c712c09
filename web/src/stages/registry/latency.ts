import type { Schema } from "~/api/types";
import { number } from "~/ui/format";

/** "0.41 ms, 95 % within 1.2 ms, over 5,210 predictions": how long a version took to answer. */
export function latencyLine({ predictions, p50_ms, p95_ms }: Schema<"Latency">): string {
  return `${number(p50_ms)} ms, 95 % within ${number(p95_ms)} ms, over ${number(predictions)} ${predictions === 1 ? "prediction" : "predictions"}`;
}
