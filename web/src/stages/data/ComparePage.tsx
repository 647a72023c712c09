import { Text } from "@mantine/core";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";
import { useUrlState } from "~/ui/state";

import { ComparedColumns } from "./ComparedColumns";
import { movedBy } from "./moved";
import { Pickers } from "./Pickers";

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
          <ComparedColumns columns={data.columns} names={[data.before, data.after]} />
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
