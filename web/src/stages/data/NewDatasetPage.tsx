import { Button, Group, Select, SimpleGrid, Stack, TagsInput, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate } from "react-router";

import { api } from "~/api/client";
import { fieldErrors, problemOf } from "~/api/problem";
import { usePages, useSend } from "~/api/queries";
import { ErrorNotice, Snippet } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";

import { data } from ".";

const BLANK = { name: "", key: [] as string[], time_column: "", purposes: [] as string[], description: "", hypothesis: null as string | null };

/** Declares a dataset: what a row is, when it happened, what it may serve. */
export default function NewDatasetPage() {
  const navigate = useNavigate();
  const form = useForm({ initialValues: BLANK });
  const hypotheses = usePages("/api/v1/hypotheses", { query: { limit: 200 } });
  const create = useSend(
    (values: typeof BLANK) => api.POST("/api/v1/datasets", { body: { ...values, name: values.name.trim(), time_column: values.time_column.trim() || null } }),
    { onDone: (made) => void navigate(`/data/${made.id}`) },
  );
  const submit = form.onSubmit((values) =>
    create.mutate(values, {
      onError: (error) => form.setErrors(problemOf(error).status === 409 ? { name: problemOf(error).detail } : fieldErrors(error)),
    }),
  );
  const elsewhere = create.isError && Object.keys(form.errors).every((field) => !(field in BLANK));
  return (
    <Page title="Create a dataset" crumbs={[{ title: "Datasets", to: "/data" }]} lead="A dataset is a named table that gets a new version whenever its content changes.">
      <form onSubmit={submit} noValidate>
        <Stack gap="lg">
          <Section title="What it is">
            <Stack>
              <SimpleGrid cols={{ base: 1, sm: 2 }}>
                <TextInput label="Name" description="flights, or with a project: nyc/flights" required data-autofocus {...form.getInputProps("name")} />
                <Select
                  label="Hypothesis"
                  description="That it helps to test"
                  placeholder="none"
                  clearable
                  data={hypotheses.rows.map((one) => ({ value: one.id, label: one.name }))}
                  {...form.getInputProps("hypothesis")}
                />
              </SimpleGrid>
              <Textarea label="Description" description="One sentence: what is a row, and where does it come from?" autosize minRows={2} {...form.getInputProps("description")} />
            </Stack>
          </Section>
          <Section title="What a row is">
            <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
              <TagsInput label="Key" description="Columns that name a row; Enter adds one" acceptValueOnBlur {...form.getInputProps("key")} />
              <TextInput label="Time column" description="When a row happened in the business" {...form.getInputProps("time_column")} />
              <TagsInput label="Purposes" description="What it may be used for; Enter adds one" acceptValueOnBlur {...form.getInputProps("purposes")} />
            </SimpleGrid>
            <Text size="sm" c="dimmed" mt="sm">
              With a key, versions say which rows came, went and changed. With a time column, models can train on a stretch of time. Both are optional.
            </Text>
          </Section>
          {elsewhere && <ErrorNotice error={create.error} />}
          <Group>
            <Button type="submit" loading={create.isPending} size="md">
              Create it
            </Button>
            <Text size="sm" c="dimmed">
              Next: commit a file, and declare what every version is checked for.
            </Text>
          </Group>
          <Section title="The same from a terminal or a notebook">
            <Snippet {...data.start} />
          </Section>
        </Stack>
      </form>
    </Page>
  );
}
