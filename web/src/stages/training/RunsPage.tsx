import { Anchor, Button, CloseButton, Group, Select, Stack, TextInput } from "@mantine/core";
import { IconFilter } from "@tabler/icons-react";
import { useEffect, useMemo, useState } from "react";

import { usePages } from "~/api/queries";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { useUrlState } from "~/ui/state";

import { training } from ".";
import { RunsTable } from "./RunsTable";

const EXAMPLES = ["metrics.roc_auc > 0.8", "params.depth = '6'", "attributes.status = 'FAILED'", "tags.team = 'risk'"];

/** "-metrics.`rmse`" as the protocol's ORDER BY. */
export function orderBy(sort: string): string[] {
  if (sort === "") return [];
  return [sort.startsWith("-") ? `${sort.slice(1)} DESC` : `${sort} ASC`];
}

/** Every run, filtered and sorted by the server in MLflow's own words. */
export default function RunsPage() {
  const [view, setView] = useUrlState({ experiment: "", filter: "", sort: "" });
  const experiments = usePages("/api/v1/experiments", { query: { limit: 200 } });
  const asked = useMemo(
    () => ({
      limit: 100,
      filter: view.filter,
      ...(view.experiment && { experiment: view.experiment }),
      ...(view.sort && { order_by: orderBy(view.sort) }),
    }),
    [view],
  );
  const runs = usePages("/api/v1/runs", { query: asked });
  const filtered = view.filter !== "" || view.experiment !== "";
  return (
    <Page title="Runs" lead={training.does}>
      <Stack gap="xs">
        <Group align="flex-end" gap="sm">
          <Select
            label="Experiment"
            placeholder="all"
            clearable
            searchable
            w={220}
            data={experiments.rows.map((one) => ({ value: one.name, label: one.name }))}
            value={view.experiment || null}
            onChange={(experiment) => setView({ experiment: experiment ?? "" })}
          />
          <Filter value={view.filter} onApply={(filter) => setView({ filter })} />
        </Group>
        <RunsTable
          id="runs"
          pages={runs}
          sort={view.sort}
          onSort={(sort) => setView({ sort })}
          withHypothesis
          empty={
            filtered ? (
              <EmptyState title="No run fits">
                <Anchor component="button" type="button" onClick={() => setView({ filter: "", experiment: "" })}>
                  Show all runs
                </Anchor>
              </EmptyState>
            ) : (
              <EmptyState title="No run yet" recipe={training.start}>
                Point any MLflow client at this server; a run appears here as soon as it starts.
              </EmptyState>
            )
          }
        />
      </Stack>
    </Page>
  );
}

function Filter({ value, onApply }: { value: string; onApply: (filter: string) => void }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const example = useMemo(() => EXAMPLES[Math.floor(Math.random() * EXAMPLES.length)], []);
  return (
    <form
      style={{ flex: "1 1 22rem" }}
      onSubmit={(event) => {
        event.preventDefault();
        onApply(typed.trim());
      }}
    >
      <Group gap="xs" align="flex-end" wrap="nowrap">
        <TextInput
          label="Filter"
          style={{ flex: 1 }}
          placeholder={`${example}, as in MLflow; join with and`}
          spellCheck={false}
          leftSection={<IconFilter size={16} aria-hidden />}
          rightSection={
            typed && (
              <CloseButton
                size="sm"
                aria-label="Clear the filter"
                onClick={() => {
                  setTyped("");
                  onApply("");
                }}
              />
            )
          }
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Button type="submit" variant="light">
          Filter
        </Button>
      </Group>
    </form>
  );
}
