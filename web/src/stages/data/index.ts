import { IconDatabase } from "@tabler/icons-react";

import type { Stage } from "../stage";

export const data: Stage = {
  key: "data",
  number: "2",
  title: "Data",
  path: "/data",
  icon: IconDatabase,
  does: "Commit tables as versions that never change, check their quality, look at their profile.",
  pages: [{ title: "Datasets", path: "/data" }, { title: "Sources", path: "/data/sources" }, { title: "Marts", path: "/data/marts" }, { title: "File sets", path: "/data/files" }, { title: "Erasures", path: "/data/erasures" }],
  routes: [
    { path: "data", lazy: async () => ({ Component: (await import("./DatasetsPage")).default }) },
    { path: "data/new", lazy: async () => ({ Component: (await import("./NewDatasetPage")).default }) },
    { path: "data/diff", lazy: async () => ({ Component: (await import("./DiffPage")).default }) },
    { path: "data/compare", lazy: async () => ({ Component: (await import("./ComparePage")).default }) },
    { path: "data/versions/:ref/failing", lazy: async () => ({ Component: (await import("./FailingPage")).default }) },
    { path: "data/versions/:ref", lazy: async () => ({ Component: (await import("./VersionPage")).default }) },
    { path: "data/erasures", lazy: async () => ({ Component: (await import("./keeping/ErasuresPage")).default }) },
    { path: "data/files", lazy: async () => ({ Component: (await import("./files/FileSetsPage")).default }) },
    { path: "data/files/versions/:ref", lazy: async () => ({ Component: (await import("./files/FilesVersionPage")).default }) },
    { path: "data/files/diff/:old/:new", lazy: async () => ({ Component: (await import("./files/FilesDiffPage")).default }) },
    { path: "data/files/:ref", lazy: async () => ({ Component: (await import("./files/FileSetPage")).default }) },
    { path: "data/sources", lazy: async () => ({ Component: (await import("./sources/SourcesPage")).default }) },
    { path: "data/sources/new", lazy: async () => ({ Component: (await import("./sources/NewSourcePage")).default }) },
    { path: "data/sources/:ref", lazy: async () => ({ Component: (await import("./sources/SourcePage")).default }) },
    { path: "data/marts", lazy: async () => ({ Component: (await import("./marts/MartsPage")).default }) },
    { path: "data/marts/new", lazy: async () => ({ Component: (await import("./marts/NewMartPage")).default }) },
    { path: "data/marts/builds/:id", lazy: async () => ({ Component: (await import("./marts/BuildPage")).default }) },
    { path: "data/marts/:ref", lazy: async () => ({ Component: (await import("./marts/MartPage")).default }) },
    { path: "data/:ref", lazy: async () => ({ Component: (await import("./DatasetPage")).default }) },
  ],
  start: {
    cli: `pomona data create flights --key flight_id --time scheduled_at\npomona data commit flights january.parquet`,
    sdk: `import pomona\n\npom = pomona.connect()\npom.data.create("flights", key=["flight_id"], time_column="scheduled_at")\npom.data.commit("flights", frame)  # pandas, Polars, Arrow, a .parquet or .csv file`,
  },
};
