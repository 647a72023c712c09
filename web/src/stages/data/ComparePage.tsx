import { Badge, Group, Select, Stack, Text } from "@mantine/core";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { SERIES } from "~/theme/palette";
import { Chart } from "~/ui/Chart";
import { number, percent } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";
import { useUrlState } from "~/ui/state";

import classes from "./data.module.css";
import { together } from "./together";

type Compared = Schema<"ColumnComparison">;
type Side = Schema<"DataVersion">;

/** Two versions side by side: the column that moved most comes first. */
export default function ComparePage() {
  const [view, setView] = useUrlState({ before: "", after: "" });
  const asked = view.before !== "" && view.after !== "";
  const before = useGet("/api/v1/data-versions/{ref}", { path: { ref: view.before } }, { enabled: asked });
  const { data, error, isPending, refetch } = useGet(
    "/api/v1/data-versions/{ref}/compare/{other}",
    { path: { ref: view.before, other: view.after } },
    { enabled: asked },
  );
  return (
    <Page title="Two versions side by side" crumbs={[{ title: "Datasets", to: "/data" }, ...crumb(before.data)]}>
      {!asked && <EmptyState title="No versions chosen">Open a version and compare it with the one before.</EmptyState>}
      {asked && error && <ErrorNotice error={error} retry={() => void refetch()} />}
      {asked && isPending && <Loading lines={8} />}
      {data && before.data && (
        <>
          <Pickers dataset={before.data.dataset_id} view={view} ids={[data.before_id, data.after_id]} onChange={setView} />
          <Text>
            {`${data.before} has ${number(data.rows_before)} rows, ${data.after} ${number(data.rows_after)}. `}
            {summary(data.columns)}
          </Text>
          <Stack gap="md" component="ul" p={0} m={0} style={{ listStyle: "none" }}>
            {data.columns.map((column) => (
              <Card key={column.name} column={column} names={[data.before, data.after]} />
            ))}
          </Stack>
          <Section title="The same from a terminal or a notebook">
            <Snippet cli={`pomona data compare ${data.before} ${data.after}`} sdk={`pom.data.compare("${data.before}", "${data.after}")`} />
          </Section>
        </>
      )}
    </Page>
  );
}

function crumb(version: Side | undefined) {
  return version ? [{ title: version.dataset, to: `/data/${version.dataset_id}` }] : [];
}

function summary(columns: Compared[]): string {
  const moved = columns.filter((column) => movedBy(column) >= 0.1).length;
  return moved === 0 ? "No column moved by more than a little." : `${number(moved)} of ${number(columns.length)} columns moved.`;
}

function Pickers(props: { dataset: string; view: { before: string; after: string }; ids: [string, string]; onChange: (changes: { before?: string; after?: string }) => void }) {
  const versions = useGet("/api/v1/datasets/{ref}/versions", { path: { ref: props.dataset } });
  const choices = versions.data?.map((version) => ({ value: version.id, label: `${version.dataset}@v${version.number}` })) ?? [];
  return (
    <Group>
      <Select label="Before" w={240} searchable allowDeselect={false} data={choices} value={props.ids[0]} onChange={(before) => before && props.onChange({ before })} />
      <Select label="After" w={240} searchable allowDeselect={false} data={choices} value={props.ids[1]} onChange={(after) => after && props.onChange({ after })} />
    </Group>
  );
}

/** How far the values moved beyond what chance explains. */
function movedBy({ drift }: Compared): number {
  if (!drift || drift.score <= drift.ceiling) return 0;
  return Math.max(0, drift.score - drift.noise);
}

function Card({ column, names }: { column: Compared; names: [string, string] }) {
  const { before, after } = column;
  const drawn = before && after ? together(before, after) : null;
  return (
    <li className={classes.column}>
      <Group justify="space-between" align="baseline">
        <span className={classes.name}>{column.name}</span>
        <Moved column={column} />
      </Group>
      <Text size="sm" c="dimmed">
        {facts(column).join(" · ")}
      </Text>
      {drawn && (
        <Chart
          kind="histogram"
          label={`${column.name} in both versions`}
          bins={drawn.bins}
          height={170}
          series={[
            { name: names[0], shares: drawn.before, color: SERIES[1] ?? "gray" },
            { name: names[1], shares: drawn.after, color: SERIES[0] ?? "green" },
          ]}
        />
      )}
    </li>
  );
}

function Moved({ column }: { column: Compared }) {
  if (column.change === "added") return <Badge color="sky">only in the later one</Badge>;
  if (column.change === "removed") return <Badge color="quince">only in the earlier one</Badge>;
  const kinds = column.change === "retyped" ? <Badge color="quince">{`${column.type_before} → ${column.type_after}`}</Badge> : null;
  const moved = movedBy(column);
  const word = moved >= 0.25 ? "moved much" : moved >= 0.1 ? "moved a little" : "as before";
  return (
    <Group gap="xs">
      {kinds}
      {column.drift && (
        <Badge color={moved >= 0.25 ? "pomegranate" : moved >= 0.1 ? "quince" : "gray"} title={`index ${number(column.drift.score, 3)}, chance alone ${number(column.drift.noise, 3)}`}>
          {moved >= 0.1 ? `${word}: ${number(moved, 2)}` : word}
        </Badge>
      )}
    </Group>
  );
}

function facts({ before, after, missing_before, missing_after }: Compared): string[] {
  const pair = (what: string, one: string, other: string) => (one === other ? `${what} ${one}` : `${what} ${one} → ${other}`);
  const found = [];
  if (before?.kind === "numeric" && after?.kind === "numeric") found.push(pair("mean", number(before.mean), number(after.mean)));
  if (before && after && before.distinct !== null && after.distinct !== null) found.push(pair("different values", number(before.distinct), number(after.distinct)));
  if (missing_before > 0 || missing_after > 0) found.push(pair("missing", percent(missing_before, 1), percent(missing_after, 1)));
  return found;
}
