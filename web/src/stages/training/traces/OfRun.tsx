/** The newest traces of a run, on the run's page; nothing where there are none. */
import { Anchor } from "@mantine/core";
import { Link } from "react-router";

import { useGet, usePages } from "~/api/queries";
import { Section } from "~/ui/Page";
import { Table } from "~/ui/Table";

import { columnsOf, type Trace } from "./columns";
import { NO_NAMES } from "./grammar";

const FEW = 8;

export function TracesOfRun({ run }: { run: string }) {
  const { data: names = NO_NAMES } = useGet("/api/v1/traces/names");
  const pages = usePages("/api/v1/traces", { query: { run, limit: FEW } });
  if (pages.rows.length === 0) return null;
  return (
    <Section
      title="Traces"
      actions={
        <Anchor component={Link} size="sm" to={`/training/traces?${new URLSearchParams({ run })}`}>
          All traces of this run
        </Anchor>
      }
    >
      <Table id="traces-of-run" label="Traces" columns={columnsOf(names, {})} rows={pages.rows.slice(0, FEW)} rowId={(trace: Trace) => trace.id} href={(trace) => `/training/traces/${encodeURIComponent(trace.id)}`} empty={null} />
    </Section>
  );
}
