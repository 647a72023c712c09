/** An endpoint's predictions and outcomes as datasets: what was written, and what waits. */
import { Alert, Button, Modal, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconTablePlus } from "@tabler/icons-react";
import { useState } from "react";

import { api } from "~/api/client";
import { useGet, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Section } from "~/ui/Page";
import { None, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { JobProgress } from "../data/keeping/jobs";
import { RecordLink } from "../names";

type AppendTable = Schema<"AppendTable">;

/** The result of the job. */
interface Written {
  predictions: number;
  outcomes: number;
  versions: string[];
}

const LOOK_EVERY_MS = 10_000; // rows come without an event of their own

const COLUMNS: Column<AppendTable>[] = [
  { id: "what", title: "What", width: 110, cell: (row) => row.what },
  { id: "dataset", title: "Dataset", width: 240, grow: true, cell: (row) => (row.dataset_id ? <RecordLink id={row.dataset_id} /> : <None why="made with the first batch" />) },
  { id: "rows", title: "Rows", width: 110, align: "right", cell: (row) => number(row.rows) },
  { id: "written", title: "Last batch", width: 150, cell: (row) => (row.written_at ? <TimeAgo at={row.written_at} /> : <None why="nothing was written yet" />) },
  { id: "waiting", title: "Waiting", width: 110, align: "right", cell: (row) => (row.waiting > 0 ? number(row.waiting) : <None why="everything is written" />) },
  { id: "due", title: "Written by", width: 150, cell: (row) => (row.due_at ? <TimeAgo at={row.due_at} /> : <None why="nothing waits" />) },
];

export function AppendTables({ endpoint }: { endpoint: string }) {
  const path = { name: endpoint };
  const { data, error, isPending, refetch } = useGet("/api/v1/endpoints/{name}/append-tables", { path }, { refetchInterval: LOOK_EVERY_MS });
  const troubled = data?.filter((table) => table.problem) ?? [];
  const written = data?.filter((table) => table.dataset_id) ?? [];
  return (
    <Section
      title="As datasets"
      note="Each prediction and each outcome is also a row that any tool reads: the next model can be trained on them. They are written in batches, by number and age."
      actions={<WriteNow endpoint={endpoint} waiting={data?.some((table) => table.waiting > 0) ?? false} done={() => void refetch()} />}
    >
      {isPending && <Loading lines={3} />}
      {error && <ErrorNotice error={error} retry={() => void refetch()} />}
      {troubled.map((table) => (
        <Alert key={table.what} color="orange" icon={<IconAlertTriangle size={18} aria-hidden />} title={`The ${table.what} that wait could not be written`}>
          {`${table.problem}. Nothing is lost; it is tried again.`}
        </Alert>
      ))}
      {data && (
        <Stack>
          <Table id="append-tables" label="Predictions and outcomes as datasets" columns={COLUMNS} rows={data} rowId={(row) => row.what} empty={<Text c="dimmed">None.</Text>} />
          {written.length === 2 && <Snippet {...joined(written)} />}
        </Stack>
      )}
    </Section>
  );
}

function joined(tables: AppendTable[]) {
  const named = (what: string) => tables.find((table) => table.what === what)?.dataset ?? "";
  const query = `SELECT * FROM "${named("predictions")}"\n  JOIN "${named("outcomes")}" USING (prediction_id)`;
  return { cli: `pomona data sql '${query}'`, sdk: `rows = client.data.sql("""${query}""")` };
}

function WriteNow({ endpoint, waiting, done }: { endpoint: string; waiting: boolean; done: () => void }) {
  const [job, setJob] = useState<string>();
  const send = useSend(() => api.POST("/api/v1/endpoints/{name}/append-tables/batches", { params: { path: { name: endpoint } } }), { onDone: (made) => setJob(made.id) });
  const close = () => (setJob(undefined), send.reset(), done());
  return (
    <>
      {waiting && (
        <Button variant="light" leftSection={<IconTablePlus size={16} aria-hidden />} loading={send.isPending} onClick={() => send.mutate(undefined)}>
          Write now
        </Button>
      )}
      <Modal opened={send.isError || job !== undefined} onClose={close} title={<Text fw={600}>Write what waits</Text>}>
        {send.isError && <ErrorNotice error={send.error} />}
        {job && <JobProgress key={job} id={job} done={(ended) => <Done result={ended.result as Written} />} />}
      </Modal>
    </>
  );
}

function Done({ result }: { result: Written }) {
  if (result.versions.length === 0) return <Text size="sm">Everything was written already.</Text>;
  return <Text size="sm">{`${result.versions.join(", ")}: ${number(result.predictions)} predictions, ${number(result.outcomes)} outcomes.`}</Text>;
}
