/** The gateway's own report, as far as these pages show it. It comes as free JSON: the gateway is another process. */
interface Report {
  revision: string;
  control_plane: string;
  endpoints: { name: string; release: string; arms: { name: string; model_version: string; share: number }[]; durability: string }[];
  models: { id: string; model: string; number: number; flavor: string; batchers: Record<string, { rows: number; predict_ms: number; waiting_rows: number }> }[];
  problems: Record<string, string>;
  journal: { frames: number; bytes_written: number; error: string | null };
}

export type GatewayReport = Report;

/** The report with nothing missing, whatever the gateway left out. */
export function reportOf(status: Record<string, unknown>): Report {
  const given = status as Partial<Report>;
  return {
    revision: given.revision ?? "",
    control_plane: given.control_plane ?? "unknown",
    endpoints: given.endpoints ?? [],
    models: given.models ?? [],
    problems: given.problems ?? {},
    journal: { frames: 0, bytes_written: 0, error: null, ...given.journal },
  };
}
