import { Alert, Button, Group, Popover, Stack, Tabs, Text } from "@mantine/core";
import { IconCode } from "@tabler/icons-react";
import { useMemo } from "react";

import { useGet } from "~/api/queries";
import { EmptyState, ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { useUrlState } from "~/ui/state";

import { verdictOf } from "../code/patch";
import { Views } from "../runs/Views";
import { Boxes } from "./Boxes";
import { Curves } from "./Curves";
import { Importance } from "./Importance";
import { compareLink, idsFrom, MOST_COMPARED, tooMany } from "./link";
import { Parallel } from "./Parallel";
import { Scatter } from "./Scatter";
import { Sheet } from "./Sheet";
import { axesOf, type Comparison } from "./values";

export const DEFAULTS = { runs: "", tab: "curves", metrics: "", x: "step", smooth: "0", log: "", group: "", zoom: "", target: "", px: "", py: "", by: "", brush: "" };
export type CompareView = typeof DEFAULTS;
export interface Shown {
  data: Comparison;
  ids: string[];
  view: CompareView;
  setView: (changes: Partial<CompareView>) => void;
}

/** Many runs side by side: their curves, and what made the difference. */
export default function ComparePage() {
  const [view, setView] = useUrlState(DEFAULTS);
  const ids = useMemo(() => idsFrom(view.runs), [view.runs]);
  const { data, error, isPending } = useGet("/api/v1/runs/compare", { query: { id: ids } }, { enabled: ids.length > 1, refetchInterval: 10_000 });
  const title = ids.length > 1 ? `${ids.length} runs compared` : "Compare runs";
  return (
    <Page title={title} crumbs={[{ title: "Runs", to: "/training" }]} lead={ids.length > 1 && data ? verdictOf(data) : undefined} actions={ids.length > 1 && <Tools ids={ids} />}>
      {ids.length < 2 ? (
        <EmptyState title="Nothing to compare yet">Tick two runs or more in the table of runs, then compare them.</EmptyState>
      ) : error ? (
        <ErrorNotice error={error} />
      ) : isPending || !data ? (
        <Loading lines={8} />
      ) : (
        <Looks data={data} ids={ids} view={view} setView={setView} />
      )}
    </Page>
  );
}

function Looks(shown: Shown) {
  const { data, view, setView } = shown;
  const axes = useMemo(() => axesOf(data), [data]);
  const metrics = Object.keys(data.metrics);
  const target = metrics.includes(view.target) ? view.target : (metrics.find((key) => /acc|auc|f1|score/i.test(key)) ?? metrics[0] ?? "");
  const study = { ...shown, axes, target };
  return (
    <Stack>
      {tooMany(view.runs) && <Alert color="quince">{`Only the first ${MOST_COMPARED} runs are compared.`}</Alert>}
      <Tabs value={view.tab} onChange={(tab) => setView({ tab: tab ?? "curves" })} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="curves">Curves</Tabs.Tab>
          <Tabs.Tab value="parallel">Parallel</Tabs.Tab>
          <Tabs.Tab value="scatter">Scatter</Tabs.Tab>
          <Tabs.Tab value="boxes">Boxes</Tabs.Tab>
          <Tabs.Tab value="importance">Importance</Tabs.Tab>
          <Tabs.Tab value="table">Table</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="curves">
          <Curves {...shown} />
        </Tabs.Panel>
        <Tabs.Panel value="parallel">
          <Parallel {...study} />
        </Tabs.Panel>
        <Tabs.Panel value="scatter">
          <Scatter {...study} />
        </Tabs.Panel>
        <Tabs.Panel value="boxes">
          <Boxes {...study} />
        </Tabs.Panel>
        <Tabs.Panel value="importance">
          <Importance {...study} />
        </Tabs.Panel>
        <Tabs.Panel value="table">
          <Sheet {...shown} />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  );
}

function Tools({ ids }: { ids: string[] }) {
  const words = ids.slice(0, 20);
  const cut = ids.length > words.length ? `  # and ${ids.length - words.length} more` : "";
  return (
    <Group gap="xs">
      <Views page="compare" />
      <Popover position="bottom-end" width={520}>
        <Popover.Target>
          <Button variant="default" leftSection={<IconCode size={15} aria-hidden />}>
            Code
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <Text size="sm" c="dimmed" mb={4}>{`The address of this page is ${compareLink(ids.map((id) => ({ id }))).length} characters long; it can be shared.`}</Text>
          <Snippet cli={`pomona runs compare ${words.join(" ")}${cut}`} sdk={`import pomona\n\nruns = ${JSON.stringify(words)}${cut}\npomona.connect().runs.compare(runs)`} />
        </Popover.Dropdown>
      </Popover>
    </Group>
  );
}
