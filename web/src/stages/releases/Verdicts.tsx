/** How the verdict came about: the difference over time with its interval, and every verdict in words. */
import { Stack, Text } from "@mantine/core";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { Chart } from "~/ui/Chart";
import { date, money, number, percent } from "~/ui/format";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Section } from "~/ui/Page";
import { None, StateBadge, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import classes from "./releases.module.css";

type Stored = Schema<"StoredVerdict">;

export function Verdicts({ release }: { release: Schema<"Release"> }) {
  const { data, error, isPending } = useGet("/api/v1/releases/{release_id}/verdicts", { path: { release_id: release.id } });
  const compared = data?.filter((one) => one.verdict.interval !== null) ?? [];
  const latest = data?.at(-1);
  return (
    <>
      <Section title="Candidate minus champion" note="Per prediction. The interval holds however often it is looked at; beyond zero on one side, the rule decides.">
        {isPending && <Loading lines={4} />}
        {error && <ErrorNotice error={error} />}
        {data && compared.length === 0 && (
          <Text c="dimmed">{latest ? latest.verdict.reason : "Not judged yet: the first verdict comes with the first outcomes."}</Text>
        )}
        {compared.length > 0 && <Difference verdicts={compared} />}
      </Section>
      {data && data.length > 0 && (
        <Section title="Every verdict" note="Newest first, each with the numbers it rests on.">
          <Table id="verdicts" label="Verdicts" columns={columnsOf(data)} rows={[...data].reverse()} rowId={(row) => row.id} empty={null} maxHeight="28rem" />
        </Section>
      )}
    </>
  );
}

function writer(verdicts: Stored[]): (value: number) => string {
  const evidence = verdicts.find((one) => one.evidence !== null)?.evidence;
  const currency = evidence?.currency || "EUR";
  return evidence?.measure === "right" ? (value) => percent(value) : (value) => money(Number(value.toFixed(2)), currency);
}

function Difference({ verdicts }: { verdicts: Stored[] }) {
  const format = writer(verdicts);
  const x = verdicts.map((one) => new Date(one.verdict.at).getTime());
  const last = verdicts.at(-1)!.verdict;
  const pick = (of: (verdict: Stored["verdict"]) => number | null | undefined) => verdicts.map((one) => of(one.verdict) ?? null);
  return (
    <Stack gap="xs">
      <Chart
        kind="line"
        label="Difference of candidate and champion over the verdicts, with its interval"
        x="time"
        format={format}
        height={280}
        levels={[{ at: 0, label: "no difference" }]}
        series={[
          { name: "difference", x, y: pick((one) => one.difference), color: "#ac70b2" },
          { name: "at least", x, y: pick((one) => one.interval?.low), color: "#87b76a", dashed: true },
          { name: "at most", x, y: pick((one) => one.interval?.high), color: "#87b76a", dashed: true },
        ]}
      />
      {last.interval && last.difference !== null && (
        <Text size="sm">
          {`On ${date(last.at)} the candidate earned ${format(last.difference)} ${last.difference < 0 ? "(less)" : "more"} per prediction, between ${format(last.interval.low)} and ${format(last.interval.high)}`}
          {last.probability === null ? "." : `; better with a probability of ${percent(last.probability, 0)}.`}
        </Text>
      )}
    </Stack>
  );
}

function columnsOf(verdicts: Stored[]): Column<Stored>[] {
  const format = writer(verdicts);
  return [
    { id: "number", title: "No.", width: 62, cell: (row) => row.number },
    { id: "action", title: "Verdict", width: 116, cell: (row) => <StateBadge state={row.verdict.action} label={row.verdict.action === "continue" ? "go on" : undefined} /> },
    { id: "reason", title: "Why", width: 340, grow: true, cell: (row) => <div className={classes.wrap}>{row.verdict.reason}</div> },
    { id: "difference", title: "Difference", width: 110, align: "right", cell: (row) => (row.verdict.difference === null ? <None why="not compared" /> : format(row.verdict.difference)) },
    {
      id: "interval", title: "Interval", width: 170, align: "right",
      cell: ({ verdict: { interval } }) => (interval === null ? <None why="not compared" /> : `${format(interval.low)} to ${format(interval.high)}`),
    },
    { id: "matured", title: "Outcomes", width: 110, align: "right", cell: ({ evidence }) => (evidence ? number(evidence.champion.matured + evidence.candidate.matured) : <None why="by hand" />) },
    { id: "at", title: "Event time", width: 120, cell: (row) => date(row.verdict.at) },
    { id: "by", title: "By", width: 90, cell: (row) => row.by },
    { id: "recorded", title: "Recorded", width: 130, hidden: true, cell: (row) => <TimeAgo at={row.recorded_at} /> },
  ];
}
