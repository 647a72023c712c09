import { IconArrowsSplit2 } from "@tabler/icons-react";

import type { Stage } from "../stage";

export const releases: Stage = {
  key: "releases",
  number: "4",
  title: "Releases",
  path: "/releases",
  icon: IconArrowsSplit2,
  does: "Prove a new version on live traffic before it takes over: a canary with a share, then promotion or roll-back.",
  pages: [
    { title: "Endpoints", path: "/releases" },
    { title: "All releases", path: "/releases/all" },
  ],
  routes: [
    { path: "releases", lazy: async () => ({ Component: (await import("./EndpointsPage")).default }) },
    { path: "releases/all", lazy: async () => ({ Component: (await import("./ReleasesPage")).default }) },
    { path: "releases/new", lazy: async () => ({ Component: (await import("./NewEndpointPage")).default }) },
    { path: "releases/endpoints/:ref", lazy: async () => ({ Component: (await import("./EndpointPage")).default }) },
    { path: "releases/:id", lazy: async () => ({ Component: (await import("./ReleasePage")).default }) },
  ],
  start: {
    cli: `pomona endpoints create late-flights --model late-flights --hypothesis late-flights\npomona releases start late-flights late-flights/2 --share 0.2 --reason "beats the champion on the hold-out"`,
    sdk: `import pomona\n\npom = pomona.connect()\npom.endpoints.create("late-flights", model="late-flights", hypothesis="late-flights")\npom.releases.start("late-flights", "late-flights/2", reason="beats the champion on the hold-out")`,
  },
};
