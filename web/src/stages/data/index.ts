import { IconDatabase } from "@tabler/icons-react";

import { stageHome } from "~/circle/stageHome";

import type { Stage } from "../stage";

export const data: Stage = {
  key: "data",
  number: "2",
  title: "Data",
  path: "/data",
  icon: IconDatabase,
  does: "Commit tables as versions that never change, check their quality, look at their profile.",
  pages: [{ title: "Datasets", path: "/data" }],
  routes: [{ path: "data", lazy: stageHome("data") }],
  start: {
    cli: `pomona data commit flights january.parquet --key id --time scheduled_at`,
    sdk: `pom.data.commit("flights", frame, key="id", time_column="scheduled_at")`,
  },
};
