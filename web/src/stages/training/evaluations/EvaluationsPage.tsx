import { Badge, Group } from "@mantine/core";

import { usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { None, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

type Dataset = Schema<"EvaluationDataset">;

const START = {
  sdk: `from mlflow.genai.datasets import create_dataset\n\nquestions = create_dataset(name="support-questions")\nquestions.merge_records([{"inputs": {"question": "Where is my order?"}, "expectations": {"expected_response": "On its way."}}])`,
};

const COLUMNS: Column<Dataset>[] = [
  { id: "name", title: "Dataset", width: 240, grow: true, cell: (one) => one.name },
  { id: "rows", title: "Records", width: 100, align: "right", cell: (one) => number(one.rows) },
  { id: "fields", title: "Fields", width: 260, grow: true, cell: (one) => fieldsOf(one).join(", ") || <None why="no record yet" /> },
  { id: "tags", title: "Tags", width: 200, cell: (one) => <Tags tags={one.tags} /> },
  { id: "by", title: "Changed by", width: 120, cell: (one) => one.updated_by ?? <None why="unknown" /> },
  { id: "changed", title: "Changed", width: 140, cell: (one) => <TimeAgo at={new Date(one.updated_ms).toISOString()} plain /> },
];

/** Datasets that applications are judged by. */
export default function EvaluationsPage() {
  const pages = usePages("/api/v1/evaluations", { query: { limit: 100 } }, { liveEveryMs: 10_000 });
  return (
    <Page title="Evaluation datasets" lead="Questions, and what would be right: what applications are judged by before people are.">
      <Table
        id="evaluations"
        label="Evaluation datasets"
        columns={COLUMNS}
        pages={pages}
        rowId={(one) => one.id}
        href={(one) => `/training/evaluations/${one.id}`}
        empty={
          <EmptyState title="No evaluation dataset yet" recipe={START}>
            Collect questions by hand, or traces that went wrong, and judge each new version by them.
          </EmptyState>
        }
      />
    </Page>
  );
}

/** "question" and "expected: answer": the fields of inputs, then of expectations. */
function fieldsOf(one: Dataset): string[] {
  const schema = (one.schema ?? {}) as Record<string, unknown>;
  const keys = (part: string) => Object.keys((schema[part] as object | undefined) ?? {});
  return [...keys("inputs"), ...keys("expectations")];
}

export function Tags({ tags }: { tags: Record<string, string> }) {
  const own = Object.entries(tags).filter(([key]) => !key.startsWith("mlflow."));
  if (own.length === 0) return <None why="no tags" />;
  return (
    <Group gap={4} wrap="nowrap">
      {own.map(([key, value]) => (
        <Badge key={key} color="gray">{`${key}: ${value}`}</Badge>
      ))}
    </Group>
  );
}
