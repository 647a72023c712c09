import { Select } from "@mantine/core";

import type { Shown } from "./ComparePage";

/** The metric that the other charts are about. */
export function Target({ data, target, setView, label }: Pick<Shown, "data" | "setView"> & { target: string; label: string }) {
  return <Select label={label} searchable allowDeselect={false} w={200} data={Object.keys(data.metrics)} value={target || null} onChange={(chosen) => setView({ target: chosen ?? "" })} />;
}
