import type { Icon } from "@tabler/icons-react";
import type { RouteObject } from "react-router";

import type { StageState } from "~/api/types";
import type { Recipe } from "~/ui/notices";

export type StageKey = StageState["stage"];

/** What a folder of `stages/` gives to the shell: its place in the circle, its pages, how to begin. */
export interface Stage {
  key: StageKey;
  /** Where it stands in the circle: "1" to "6"; two stages share 3; the loop has none. */
  number: string;
  title: string;
  path: string;
  icon: Icon;
  /** What a person does here, in one sentence. */
  does: string;
  /** Shown below the stage in the side navigation; the first is the stage's own page. */
  pages: { title: string; path: string }[];
  /** Relative to the root; each page by `lazy`, so that it is its own file. */
  routes: RouteObject[];
  /** The lines that bring the first record. */
  start: Recipe;
}
