import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link } from "react-router";

import { usePages } from "~/api/queries";
import type { Schema } from "~/api/types";
import { money, number } from "~/ui/format";
import { EmptyState } from "~/ui/notices";
import { Page } from "~/ui/Page";
import { None, StateBadge, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { business } from ".";
import { worthOf } from "./payoffs";

type Hypothesis = Schema<"Hypothesis">;

const COLUMNS: Column<Hypothesis>[] = [
  { id: "name", title: "Hypothesis", width: 140, cell: (row) => row.name },
  { id: "state", title: "State", width: 96, cell: (row) => <StateBadge state={row.state} /> },
  { id: "statement", title: "What would be true", width: 190, grow: true, cell: (row) => <span title={row.statement}>{row.statement}</span> },
  { id: "metric", title: "Metric", width: 172, cell: (row) => row.metric.replaceAll("_", " ") },
  { id: "target", title: "From → to", width: 106, cell: (row) => `${number(row.baseline)} → ${number(row.target)}` },
  { id: "worth", title: "Right / false yes", width: 140, cell: (row) => <Worth row={row} /> },
  { id: "owner", title: "Owner", width: 120, cell: (row) => row.budget?.owner ?? <None why="no budget" /> },
  { id: "created", title: "Stated", width: 130, cell: (row) => <TimeAgo at={row.created_at} /> },
];

function Worth({ row: { payoffs } }: { row: Hypothesis }) {
  if (!payoffs) return <None why="no amounts stated" />;
  const worth = worthOf(payoffs);
  return <span className="tabular">{`${money(worth.truePositive, payoffs.currency)} / ${money(worth.falsePositive, payoffs.currency)}`}</span>;
}

/** Every hypothesis, newest first. */
export default function HypothesesPage() {
  const pages = usePages("/api/v1/hypotheses", {});
  const state = (
    <Button component={Link} to="/business/new" leftSection={<IconPlus size={16} aria-hidden />}>
      State a hypothesis
    </Button>
  );
  return (
    <Page title="Hypotheses" lead={business.does} actions={state}>
      <Table
        id="hypotheses"
        label="Hypotheses"
        columns={COLUMNS}
        pages={pages}
        rowId={(row) => row.id}
        href={(row) => `/business/${row.id}`}
        empty={
          <EmptyState title="It begins with a hypothesis" recipe={business.start}>
            Say what would be predicted, which number that moves, and what it is worth. Everything later points back to it.
          </EmptyState>
        }
      />
    </Page>
  );
}
