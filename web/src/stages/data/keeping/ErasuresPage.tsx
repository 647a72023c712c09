import { Alert, Anchor, Button, Group, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconEraser } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";

import { api } from "~/api/client";
import { useGet, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";
import { IdLink, StateBadge, TimeAgo } from "~/ui/small";
import { Table, type Column } from "~/ui/Table";

import { JobProgress } from "./jobs";

type Plan = Schema<"ErasurePlan">;
type Signed = Schema<"SignedErasure">;

const COLUMNS: Column<Signed>[] = [
  { id: "at", title: "Asked for", width: 130, cell: ({ record }) => <TimeAgo at={record.at} /> },
  { id: "state", title: "State", width: 110, cell: ({ record }) => <StateBadge state={record.state} /> },
  { id: "column", title: "By column", width: 140, cell: ({ record }) => <code>{record.column}</code> },
  { id: "reason", title: "Reason", width: 200, grow: true, cell: ({ record }) => record.reason },
  { id: "rows", title: "Rows", width: 80, align: "right", cell: ({ record }) => number(record.files.reduce((sum, file) => sum + file.rows, 0)) },
  { id: "versions", title: "Versions", width: 95, align: "right", cell: ({ record }) => number(record.versions.length) },
  { id: "by", title: "By", width: 110, cell: ({ record }) => record.by },
  { id: "signed", title: "Record", width: 120, cell: ({ record, signed }) => (record.state === "running" ? <StateBadge state="running" /> : <StateBadge state={signed ? "ok" : "fail"} label={signed ? "as signed" : "changed"} />) },
];

/** Erasures: whose rows go is looked up first, typed once more, then taken out of every version. */
export default function ErasuresPage() {
  const { data, error, isPending } = useGet("/api/v1/erasures");
  return (
    <Page title="Erasures" crumbs={[{ title: "Datasets", to: "/data" }]} lead="Take a person's rows out of every version, and every copy of the values out of the store. The versions stay usable under their numbers.">
      <Erase />
      <Section title="What was erased" note="A record names the files that were replaced and by which; of whose rows they were it keeps only a keyed fingerprint. It is signed with the key of this store.">
        {error && <ErrorNotice error={error} />}
        {isPending && <Loading />}
        {data && (
          <Table
            id="erasures"
            label="Erasures"
            columns={COLUMNS}
            rows={data}
            rowId={({ record }) => record.id}
            empty={
              <EmptyState title="Nothing was ever erased" recipe={{ cli: `pomona data erase --subject customer_id=42 --reason "request of 3 May"`, sdk: `plan = pom.data.plan_erasure("customer_id", 42)\npom.data.erase("customer_id", 42, reason="request of 3 May", confirm="customer_id=42")` }}>
                Name a column and a value above: what it would touch is shown before anything is changed.
              </EmptyState>
            }
          />
        )}
      </Section>
    </Page>
  );
}

function Erase() {
  const [column, setColumn] = useState("");
  const [value, setValue] = useState("");
  const plan = useSend(() => api.POST("/api/v1/erasures/plan", { body: { column, value } }));
  const change = (set: (text: string) => void) => (text: string) => (set(text), plan.reset());
  return (
    <Section title="Whose rows" note="First only a look.">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          plan.mutate(undefined);
        }}
      >
        <Stack>
          <Group align="flex-end">
            <TextInput label="Column" placeholder="customer_id" required value={column} onChange={(event) => change(setColumn)(event.currentTarget.value)} />
            <TextInput label="Value" placeholder="42" required autoComplete="off" value={value} onChange={(event) => change(setValue)(event.currentTarget.value)} />
            <Button type="submit" variant="light" loading={plan.isPending}>
              Show what it touches
            </Button>
          </Group>
          {plan.isError && <ErrorNotice error={plan.error} />}
        </Stack>
      </form>
      {plan.data && <Touched key={`${column}=${value}`} plan={plan.data as Plan} column={column} value={value} />}
    </Section>
  );
}

const VERSIONS: Column<Plan["versions"][number]>[] = [
  { id: "version", title: "Version", width: 200, grow: true, cell: (row) => <Anchor component={Link} to={`/data/versions/${row.id}`}>{row.ref}</Anchor> },
  { id: "rows", title: "Rows of the subject", width: 180, align: "right", cell: (row) => number(row.rows) },
];

function Touched({ plan, column, value }: { plan: Plan; column: string; value: string }) {
  const places = plan.places.filter((place) => place.count > 0);
  const { models, marts } = plan;
  if (plan.versions.length === 0 && places.length === 0) {
    return <Text role="status">{plan.datasets.length > 0 ? `No row of ${plan.datasets.join(", ")} has this value.` : `No dataset has a column ${column}.`}</Text>;
  }
  return (
    <Stack mt="md" role="status">
      <Text>{`${number(plan.rows)} different rows in ${number(plan.files)} files${places.map((place) => `; ${number(place.count)} in ${place.what}`).join("")}.`}</Text>
      <Table id="touched-versions" label="Versions it touches" columns={VERSIONS} rows={plan.versions} rowId={(row) => row.id} empty={<Text c="dimmed">No version.</Text>} />
      {models.length > 0 && (
        <Alert color="quince" icon={<IconAlertTriangle size={20} aria-hidden />} title="Models learned from these rows; they are not changed">
          <Group gap="xs">{models.map((id) => <IdLink key={id} id={id} />)}</Group>
        </Alert>
      )}
      {marts.length > 0 && <Text size="sm" c="dimmed">{`Built from these versions without this column, so look at them yourself: ${marts.join(", ")}.`}</Text>}
      <Confirm column={column} value={value} />
    </Stack>
  );
}

/** The result of the job. */
interface Done {
  rows: number;
  left: number;
}

const DISTINCT = 6; // characters: a shorter value is no name that one could look for in texts

function Done({ result, value }: { result: Done; value: string }) {
  const searched = [...value].length >= DISTINCT;
  return (
    <Text size="sm" c={result.left === 0 && searched ? "leaf" : "quince"}>
      {`${number(result.rows)} rows are gone from every version; ${searched ? leftOver(result.left) : `a value of fewer than ${DISTINCT} characters is not looked for elsewhere`}.`}
    </Text>
  );
}

function leftOver(places: number): string {
  if (places === 0) return "nothing else in the store holds the value";
  return places === 1 ? "one other place holds the value still, and the record names it" : `${number(places)} other places hold the value still, and the record names them`;
}

function Confirm({ column, value }: { column: string; value: string }) {
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const [job, setJob] = useState<string>();
  const erase = useSend(() => api.POST("/api/v1/erasures", { body: { column, value, reason, confirm: typed } }), { onDone: (made) => setJob(made.id) });
  if (job) return <JobProgress key={job} id={job} done={(ended) => <Done result={ended.result as Done} value={value} />} />;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        erase.mutate(undefined);
      }}
    >
      <Stack>
        <Textarea label="Reason" description="It is kept, so do not name whom." required autosize minRows={2} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        <TextInput label="Type the subject to confirm" description={`${column}=${value}`} autoComplete="off" required value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />
        {erase.isError && <ErrorNotice error={erase.error} />}
        <Group>
          <Button type="submit" color="pomegranate" leftSection={<IconEraser size={16} aria-hidden />} loading={erase.isPending} disabled={typed !== `${column}=${value}`}>
            Erase for good
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
