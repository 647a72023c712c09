import { Button, Group, Select, SimpleGrid, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconEye } from "@tabler/icons-react";
import { useNavigate } from "react-router";

import { api } from "~/api/client";
import { fieldErrors, problemOf } from "~/api/problem";
import { useSend } from "~/api/queries";
import { ErrorNotice, Snippet } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";

import { Preview } from "./Preview";
import { SqlEditor } from "./Sql";
import { POLICIES, RECIPE, type Policy } from "./words";

const BLANK = { name: "", sql: "", key: [] as string[], time_column: "", purposes: [] as string[], description: "", rebuild: "on_inputs" as Policy, cron: "" };

/** Declares a mart: SQL, what a row of the result is, when it is built again. */
export default function NewMartPage() {
  const navigate = useNavigate();
  const form = useForm({ initialValues: BLANK });
  const preview = useSend((sql: string) => api.POST("/api/v1/sql/preview", { body: { sql, purpose: form.values.purposes.length === 1 ? (form.values.purposes[0] ?? null) : null } }));
  const create = useSend(
    (values: typeof BLANK) =>
      api.POST("/api/v1/marts", {
        body: { ...values, name: values.name.trim(), time_column: values.time_column.trim() || null, cron: values.rebuild === "cron" ? values.cron.trim() : null },
      }),
    { onDone: (made) => void navigate(`/data/marts/${made.id}`) },
  );
  const submit = form.onSubmit((values) => create.mutate(values, { onError: (error) => form.setErrors(fieldErrors(error)) }));
  const elsewhere = create.isError && Object.keys(form.errors).every((field) => !(field in BLANK));
  const { sql, name, rebuild } = form.values;
  return (
    <Page title="Write a mart" crumbs={[{ title: "Datasets", to: "/data" }, { title: "Marts", to: "/data/marts" }]} lead="Its rows become the versions of a dataset with the same name.">
      <form onSubmit={submit} noValidate>
        <Stack gap="lg">
          <Section title="What it holds">
            <Stack>
              <SqlEditor value={sql} onChange={(text) => form.setFieldValue("sql", text)} />
              <Group>
                <Button variant="light" leftSection={<IconEye size={16} aria-hidden />} loading={preview.isPending} disabled={sql.trim() === ""} onClick={() => preview.mutate(sql)}>
                  Preview
                </Button>
                <Text size="sm" c="dimmed">
                  The first 100 rows, and what is wrong with it. Nothing is kept.
                </Text>
              </Group>
            </Stack>
          </Section>
          {preview.isError && <ErrorNotice error={preview.error} />}
          {preview.data && !preview.isError && <Preview found={preview.data} name={name || "the result"} />}
          <Section title="What it is">
            <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
              <TextInput label="Name" description="features, or with a project: credit/features" required {...form.getInputProps("name")} />
              <TagsInput label="Key" description="Result columns that name a row" acceptValueOnBlur {...form.getInputProps("key")} />
              <TextInput label="Time column" description="Result column that says when" {...form.getInputProps("time_column")} />
              <Select label="Rebuilt" description="Only if an input changed" data={POLICIES.map((one) => ({ ...one }))} allowDeselect={false} {...form.getInputProps("rebuild")} />
              {rebuild === "cron" && <TextInput label="Times" description="cron: minute hour day month weekday, UTC" placeholder="0 3 * * *" required {...form.getInputProps("cron")} />}
              <TagsInput label="Purposes" description="Empty: those that all inputs share" acceptValueOnBlur {...form.getInputProps("purposes")} />
              <TextInput label="Description" description="One sentence" {...form.getInputProps("description")} />
            </SimpleGrid>
          </Section>
          {elsewhere && <ErrorNotice error={create.error} />}
          <Group>
            <Button type="submit" loading={create.isPending} size="md">
              Keep the mart
            </Button>
            <Text size="sm" c="dimmed">
              {create.isError && problemOf(create.error).status >= 500 ? "Nothing was kept." : "Next: build it."}
            </Text>
          </Group>
          <Section title="The same from a terminal or a notebook">
            <Snippet {...RECIPE} />
          </Section>
        </Stack>
      </form>
    </Page>
  );
}
