import type { RouteObject } from "react-router";

/** Traces run through all stages, so they stand beside them. */
export const TRACE_ROUTES: RouteObject[] = ["trace", "trace/*"].map((path) => ({
  path,
  lazy: async () => ({ Component: (await import("./TracePage")).default }),
}));
