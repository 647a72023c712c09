import { Button, Group, Select, SimpleGrid, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconPlugConnected } from "@tabler/icons-react";
import { useNavigate } from "react-router";

import { api } from "~/api/client";
import { fieldErrors, problemOf } from "~/api/problem";
import { useGet, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";

import { RECIPE } from "./recipe";
import { Answered, Sampled } from "./Sampled";

type Kind = Schema<"SourceKindInfo">;
const BLANK = { name: "", kind: "postgresql", location: "", credentials: "", owner: "", purpose: "", options: {} as Record<string, string>, table: "", query: "" };
type Values = typeof BLANK;

/** Registers a source; "Test" opens it before anything is kept. */
export default function NewSourcePage() {
  const kinds = useGet("/api/v1/source-kinds", {}, { immutable: true });
  return (
    <Page
      title="Add a source"
      crumbs={[{ title: "Data", to: "/data" }, { title: "Sources", to: "/data/sources" }]}
      lead="Where the table is, and where its password is kept. The password itself is never asked for, stored or shown."
    >
      {kinds.error && <ErrorNotice error={kinds.error} retry={() => void kinds.refetch()} />}
      {kinds.data ? <Form kinds={kinds.data} /> : <Loading lines={8} />}
    </Page>
  );
}

function Form({ kinds }: { kinds: Kind[] }) {
  const navigate = useNavigate();
  const form = useForm<Values>({ initialValues: { ...BLANK, kind: kinds.some((one) => one.name === "postgresql") ? "postgresql" : (kinds[0]?.name ?? "") } });
  const kind = kinds.find((one) => one.name === form.values.kind);
  const trial = useSend((values: Values) => api.POST("/api/v1/source-trials", { body: { source: sourceOf(values), question: questionOf(values) } }));
  const add = useSend((values: Values) => api.POST("/api/v1/sources", { body: sourceOf(values) }), {
    onDone: (made) => void navigate(`/data/sources/${made.id}`),
  });
  const said = (error: unknown) => form.setErrors(problemOf(error).status === 409 ? { name: problemOf(error).detail } : fieldErrors(error));
  const failed = add.isError ? add.error : trial.isError ? trial.error : null;
  return (
    <form onSubmit={form.onSubmit((values) => add.mutate(values, { onError: said }))} noValidate>
      <Stack gap="lg">
        <Section title="What it is">
          <Stack>
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              <Select
                label="Kind"
                allowDeselect={false}
                data={kinds.map((one) => ({ value: one.name, label: one.title }))}
                {...form.getInputProps("kind")}
                onChange={(chosen) => chosen && form.setValues({ kind: chosen, options: {} })}
              />
              <TextInput label="Name" description="Lower-case letters, digits and . _ -" placeholder="shop" required data-autofocus {...form.getInputProps("name")} />
            </SimpleGrid>
            <TextInput label="Location" description="Without a password" placeholder={kind?.location ?? ""} required {...form.getInputProps("location")} />
            {kind && kind.credentials !== "none" && (
              <TextInput
                label="Credentials"
                description={`Where it is kept: env:NAME or file:/path; the text there is ${kind.credentials}`}
                placeholder="env:SHOP_PASSWORD"
                {...form.getInputProps("credentials")}
              />
            )}
            {kind && Object.keys(kind.options).length > 0 && (
              <SimpleGrid cols={{ base: 1, sm: 2 }}>
                {Object.entries(kind.options).map(([name, does]) => (
                  <TextInput key={name} label={name} description={does} {...form.getInputProps(`options.${name}`)} />
                ))}
              </SimpleGrid>
            )}
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              <TextInput label="Owner" description="Who to ask about it" {...form.getInputProps("owner")} />
              <TextInput label="Purpose" description="What its rows may serve" {...form.getInputProps("purpose")} />
            </SimpleGrid>
          </Stack>
        </Section>
        <Section
          title="A first look"
          note="Opens the source as it is written above; nothing is kept."
          actions={
            <Button variant="default" leftSection={<IconPlugConnected size={16} aria-hidden />} loading={trial.isPending} onClick={() => trial.mutate(form.values, { onError: said })}>
              Test
            </Button>
          }
        >
          <Stack>
            {kind?.takes === "sql" && (
              <SimpleGrid cols={{ base: 1, sm: 2 }}>
                <TextInput label="Table" description="To see its first rows, too" {...form.getInputProps("table")} />
                <Textarea label="or a query" autosize minRows={1} {...form.getInputProps("query")} />
              </SimpleGrid>
            )}
            {kind?.takes === "topic" && <TextInput label="Stream" description="To see its first messages, too" {...form.getInputProps("table")} />}
            {trial.data && !trial.isError && <Answered tested={trial.data} />}
            {trial.data?.sample && !trial.isError && <Sampled sample={trial.data.sample} />}
            {failed !== null && <ErrorNotice error={failed} />}
            {!trial.data && failed === null && <Text size="sm" c="dimmed">Not tested yet.</Text>}
          </Stack>
        </Section>
        <Group>
          <Button type="submit" size="md" loading={add.isPending}>
            Add it
          </Button>
        </Group>
        <Section title="The same from a terminal or a notebook">
          <Snippet {...RECIPE} />
        </Section>
      </Stack>
    </form>
  );
}

function sourceOf(values: Values) {
  const options = Object.fromEntries(Object.entries(values.options).filter(([, value]) => value.trim() !== ""));
  return { name: values.name.trim() || "trial", kind: values.kind, location: values.location.trim(), credentials: values.credentials.trim() || null, owner: values.owner, purpose: values.purpose, options };
}

/** The rows to show: of the query or table that was named, or of the files themselves. */
function questionOf(values: Values) {
  const [table, query] = [values.table.trim() || null, values.query.trim() || null];
  const files = ["files", "http", "s3"].includes(values.kind);
  return table || query || files ? { table: query ? null : table, query, rows: 10 } : null;
}
