import { Alert, Anchor, Button, Group, Select, Switch, Text } from "@mantine/core";
import { IconArrowsExchange } from "@tabler/icons-react";
import { Link } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { bytes, number } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";
import { IdLink, None, StateBadge } from "~/ui/small";
import { useUrlState } from "~/ui/state";

import { RecordLink } from "../names";
import { codeLine } from "../training/code/patch";
import { Aliases } from "./Aliases";
import { latencyLine } from "./latency";
import classes from "./registry.module.css";

type Diff = Schema<"ModelDiff">;
type Side = Diff["before"];
type Values = Diff["params"];

/** Two model versions side by side: everything in which they differ. */
export default function DiffPage() {
  const [view, setView] = useUrlState({ before: "", after: "", all: "" });
  const asked = view.before !== "" && view.after !== "";
  const { data, error, isPending, refetch } = useGet("/api/v1/model-versions/{ref}/diff/{other}", { path: { ref: view.before, other: view.after } }, { enabled: asked });
  const crumbs = [{ title: "Models", to: "/registry" }];
  if (data) crumbs.push({ title: data.after.model, to: `/registry/${data.after.model}` });
  return (
    <Page
      title={data ? `${named(data.before)} to ${named(data.after)}` : "What changed"}
      crumbs={crumbs}
      lead={data?.same_files ? "Both have the same files, bit for bit." : undefined}
      actions={
        asked && (
          <Button variant="default" leftSection={<IconArrowsExchange size={16} aria-hidden />} onClick={() => setView({ before: view.after, after: view.before })}>
            The other way round
          </Button>
        )
      }
    >
      {!asked && <EmptyState title="No versions chosen">Open a version of a model and compare it with another one.</EmptyState>}
      {asked && error && <ErrorNotice error={error} retry={() => void refetch()} />}
      {asked && isPending && <Loading lines={8} />}
      {data && (
        <>
          <Group justify="space-between" align="end">
            <Group>
              <Picker label="Before" side={data.before} onChange={(before) => setView({ before })} />
              <Picker label="After" side={data.after} onChange={(after) => setView({ after })} />
            </Group>
            <Switch label="Also what is the same" checked={view.all !== ""} onChange={(event) => setView({ all: event.currentTarget.checked ? "1" : "" })} />
          </Group>
          <Sides diff={data} />
          <Metrics diff={data} all={view.all !== ""} />
          <Differing title="Parameters" diff={data} values={data.params} all={view.all !== ""} empty="Their runs had no parameters." />
          <Differing title="Packages" diff={data} values={data.packages} all={view.all !== ""} empty="Neither lists its packages." />
          <Differing title="Signature" diff={data} values={data.signature} all={view.all !== ""} empty="Neither says what it takes." />
          <Differing title="Flavors" diff={data} values={data.flavors} all={view.all !== ""} empty="" />
          <Differing title="Files" diff={data} values={data.files.map((file) => ({ name: file.path, change: file.change, before: size(file.before), after: size(file.after) }))} all={view.all !== ""} empty="" />
          {view.all === "" && <Same diff={data} />}
          <Section title="The same from a terminal or a notebook">
            <Snippet cli={`pomona models diff ${data.before.model}/${data.before.number} ${data.after.model}/${data.after.number}`} sdk={`diff = pom.models.diff("${data.before.model}/${data.before.number}", "${data.after.model}/${data.after.number}")\n[(m.name, m.delta, m.verdict) for m in diff.metrics]`} />
          </Section>
        </>
      )}
    </Page>
  );
}

function named(side: Side): string {
  return `${side.model} v${side.number}`;
}

function size(value: number | null): string | null {
  return value === null ? null : bytes(value);
}

function Picker({ label, side, onChange }: { label: string; side: Side; onChange: (ref: string) => void }) {
  const { data } = useGet("/api/v1/models/{name}", { path: { name: side.model } });
  const options = (data?.versions ?? []).map((version) => ({ value: version.id, label: `${version.model} v${version.number}${version.aliases.length > 0 ? ` (${version.aliases.join(", ")})` : ""}` }));
  return <Select label={label} data={options.length > 0 ? options : [{ value: side.id, label: named(side) }]} value={side.id} allowDeselect={false} onChange={(ref) => ref && onChange(ref)} />;
}

function Sides({ diff: { before, after, data, same_code } }: { diff: Diff }) {
  const rows: [string, (side: Side) => React.ReactNode][] = [
    ["goes by", (side) => <Aliases names={side.aliases} />],
    ["gate", (side) => (side.gate ? <span title={side.gate.reason}><StateBadge state={side.gate.passed ? "passed" : "refused"} /></span> : <None why="not checked" />)],
    ["run", (side) => (side.run ? <RecordLink id={side.run} /> : <None why="no run" />)],
    ["hypothesis", (side) => (side.hypothesis ? <RecordLink id={side.hypothesis} /> : <None why="tests none" />)],
    ["trained on", (side) => (side.data_version ? <RecordLink id={side.data_version} /> : <None why="unversioned data" />)],
    ["code", (side) => (side.code && codeLine(side.code)) ?? side.code?.source ?? <None why="not known" />],
    ["latency", (side) => (side.latency ? latencyLine(side.latency) : <None why="answered nothing yet" />)],
    ["size", (side) => `${bytes(side.size)} in ${number(side.files)} files`],
    ["version", (side) => <IdLink id={side.id} label={named(side)} />],
  ];
  return (
    <Section title="Side by side">
      <table className={classes.differing} aria-label="Side by side">
        <thead>
          <tr>
            <td />
            <th scope="col">{named(before)}</th>
            <th scope="col">{named(after)}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([title, cell]) => (
            <tr key={title}>
              <th scope="row">{title}</th>
              <td>{cell(before)}</td>
              <td>{cell(after)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Alert color="gray" mt="md" title={<DataTitle data={data} />}>
        {same_code === true ? "Both ran the same code." : same_code === false ? "They ran different code." : "Whether they ran the same code is not known."}
      </Alert>
    </Section>
  );
}

function DataTitle({ data }: { data: Diff["data"] }) {
  if (data.same) return <>Both were trained on the same data version.</>;
  if (data.added === null || data.removed === null || data.changed === null) return <>{`Data: ${data.note}`}</>;
  return (
    <>
      {`Data: +${number(data.added)} rows added, −${number(data.removed)} removed, ${number(data.changed)} changed. `}
      <Anchor component={Link} to={`/data/diff?before=${data.before ?? ""}&after=${data.after ?? ""}`}>
        Look at the rows
      </Anchor>
    </>
  );
}

const VERDICTS = { better: "passed", worse: "refused", same: "held", unknown: "held" } as const;

function Metrics({ diff, all }: { diff: Diff; all: boolean }) {
  const shown = diff.metrics.filter((metric) => all || metric.delta !== 0);
  return (
    <Section title="Metrics" note={`${shown.length} of ${diff.metrics.length} differ`.replace(/^(\d+) of \1 differ$/, "As their runs had them when they were registered.")}>
      {shown.length === 0 ? (
        <Text c="dimmed">{diff.metrics.length === 0 ? "Neither was measured." : "All the same."}</Text>
      ) : (
        <table className={classes.differing} aria-label="Metrics">
          <thead>
            <tr>
              <th scope="col">Metric</th>
              <th scope="col">{named(diff.before)}</th>
              <th scope="col">{named(diff.after)}</th>
              <th scope="col">Difference</th>
              <th scope="col">For better or worse</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((metric) => (
              <tr key={metric.name}>
                <th scope="row">{metric.name}</th>
                <td>{metric.before === null ? <None why="not measured" /> : number(metric.before)}</td>
                <td>{metric.after === null ? <None why="not measured" /> : number(metric.after)}</td>
                <td>{metric.delta === null ? "" : `${metric.delta > 0 ? "+" : ""}${number(metric.delta)}${metric.relative === null ? "" : ` (${metric.relative > 0 ? "+" : ""}${number(metric.relative * 100, 3)} %)`}`}</td>
                <td>{metric.verdict === "unknown" ? "" : <StateBadge state={VERDICTS[metric.verdict]} label={metric.verdict} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}

/** What does not differ, in one line instead of a section each. */
function Same({ diff }: { diff: Diff }) {
  const parts: [string, { change: string }[]][] = [["parameters", diff.params], ["packages", diff.packages], ["signature", diff.signature], ["flavors", diff.flavors], ["files", diff.files]];
  const same = parts.flatMap(([title, values]) => (values.every((value) => value.change === "same") ? [values.length > 0 ? title : `no ${title}`] : []));
  if (same.length === 0) return null;
  return <Text c="dimmed">{`The same in both: ${same.join(", ")}.`}</Text>;
}

function Differing({ title, diff, values, all, empty }: { title: string; diff: Diff; values: Values; all: boolean; empty: string }) {
  const differing = values.filter((value) => value.change !== "same");
  if (differing.length === 0 && !all) return null; // `Same` names it
  const shown = all ? values : differing;
  if (values.length === 0 && empty === "") return null;
  return (
    <Section title={title} note={values.length > 0 ? `${number(differing.length)} of ${number(values.length)} differ` : undefined}>
      {shown.length === 0 ? (
        <Text c="dimmed">{values.length === 0 ? empty : "All the same."}</Text>
      ) : (
        <table className={classes.differing} aria-label={title}>
          <thead>
            <tr>
              <th scope="col">{title.replace(/s$/, "")}</th>
              <th scope="col">{named(diff.before)}</th>
              <th scope="col">{named(diff.after)}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((value) => (
              <tr key={value.name} data-change={value.change}>
                <th scope="row">{value.name}</th>
                <td>{value.before ?? <None why="not there" />}</td>
                <td>{value.after ?? <None why="not there" />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}
