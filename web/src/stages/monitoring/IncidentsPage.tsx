import { Group, SegmentedControl } from "@mantine/core";

import { usePages } from "~/api/queries";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { useUrlState } from "~/ui/state";
import { Table } from "~/ui/Table";

import { monitoring } from ".";
import { EndpointPicker } from "../releases/EndpointPicker";
import { INCIDENT_COLUMNS } from "./incidents";

/** Every incident, newest first. */
export default function IncidentsPage() {
  const [view, setView] = useUrlState({ state: "", endpoint: "" });
  const state = view.state === "open" || view.state === "closed" ? view.state : null;
  const pages = usePages("/api/v1/incidents", { query: { incident_state: state, endpoint: view.endpoint || null } });
  return (
    <Page title="Incidents" crumbs={[{ title: "Monitors", to: "/monitoring" }]} lead="Something crossed its threshold: what it was, since when, and what the loop did about it.">
      <Table
        id="incidents"
        label="Incidents"
        columns={INCIDENT_COLUMNS}
        pages={pages}
        rowId={(row) => row.id}
        href={(row) => `/monitoring/incidents/${row.id}`}
        toolbar={
          <Group gap="xs">
            <SegmentedControl
              size="xs"
              aria-label="State"
              value={view.state}
              onChange={(chosen) => setView({ state: chosen })}
              data={[{ value: "", label: "All" }, { value: "open", label: "Open" }, { value: "closed", label: "Closed" }]}
            />
            <EndpointPicker value={view.endpoint} onChange={(endpoint) => setView({ endpoint })} />
          </Group>
        }
        empty={
          state || view.endpoint ? (
            <EmptyState title="No incident fits this filter">Show all to see the others.</EmptyState>
          ) : (
            <EmptyState title="Nothing was wrong so far" recipe={monitoring.start}>
              An incident opens when a watched endpoint drifts or is no longer good enough.
            </EmptyState>
          )
        }
      />
    </Page>
  );
}
