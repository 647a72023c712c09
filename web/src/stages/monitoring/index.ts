import { IconHeartbeat } from "@tabler/icons-react";

import type { Stage } from "../stage";

export const monitoring: Stage = {
  key: "monitoring",
  number: "6",
  title: "Monitoring",
  path: "/monitoring",
  icon: IconHeartbeat,
  does: "Watch drift, quality and money, window by window; an incident says what crossed its threshold.",
  pages: [
    { title: "Monitors", path: "/monitoring" },
    { title: "Incidents", path: "/monitoring/incidents" },
  ],
  routes: [
    { path: "monitoring", lazy: async () => ({ Component: (await import("./MonitorsPage")).default }) },
    { path: "monitoring/new", lazy: async () => ({ Component: (await import("./NewMonitorPage")).default }) },
    { path: "monitoring/incidents", lazy: async () => ({ Component: (await import("./IncidentsPage")).default }) },
    { path: "monitoring/incidents/:id", lazy: async () => ({ Component: (await import("./IncidentPage")).default }) },
    { path: "monitoring/windows/:id", lazy: async () => ({ Component: (await import("./WindowPage")).default }) },
    { path: "monitoring/:ref", lazy: async () => ({ Component: (await import("./MonitorPage")).default }) },
  ],
  start: {
    cli: `pomona monitors create late-flights --window-hours 168`,
    sdk: `import pomona\n\npom = pomona.connect()\npom.monitors.create("late-flights", window_hours=168)`,
  },
};
