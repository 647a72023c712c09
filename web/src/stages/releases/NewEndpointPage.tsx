import { Button, Group, NumberInput, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate } from "react-router";

import { api } from "~/api/client";
import { fieldErrors, problemOf } from "~/api/problem";
import { usePages, useSend } from "~/api/queries";
import { ErrorNotice, Snippet } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";

import { releases } from ".";

const BLANK = {
  name: "",
  model: null as string | null,
  hypothesis: null as string | null,
  threshold: "" as number | string,
  positive_class: "",
  unit_column: "",
  durability: "commit",
};

/** Names a route of the gateway. */
export default function NewEndpointPage() {
  const navigate = useNavigate();
  const form = useForm({ initialValues: BLANK });
  const models = usePages("/api/v1/models", { query: { limit: 200 } });
  const hypotheses = usePages("/api/v1/hypotheses", { query: { limit: 200 } });
  const create = useSend(
    (values: typeof BLANK) =>
      api.POST("/api/v1/endpoints", {
        body: {
          name: values.name.trim(),
          model: values.model ?? "",
          hypothesis: values.hypothesis,
          threshold: values.threshold === "" ? null : Number(values.threshold),
          positive_class: values.positive_class.trim() || null,
          unit_column: values.unit_column.trim() || null,
          durability: values.durability === "async" ? "async" : "commit",
        },
      }),
    { onDone: (made) => void navigate(`/releases/endpoints/${made.id}`) },
  );
  const submit = form.onSubmit((values) =>
    create.mutate(values, {
      onError: (error) => form.setErrors(problemOf(error).status === 409 ? { name: problemOf(error).detail } : fieldErrors(error)),
    }),
  );
  const elsewhere = create.isError && Object.keys(form.errors).length === 0;
  return (
    <Page title="Create an endpoint" crumbs={[{ title: "Endpoints", to: "/releases" }]} lead="A name that applications ask for predictions; which version answers is decided by releases on it.">
      <form onSubmit={submit} noValidate>
        <Stack gap="lg">
          <Section title="What answers there">
            <SimpleGrid cols={{ base: 1, sm: 3 }}>
              <TextInput label="Name" description="Lower-case letters, digits and . _ -" placeholder="late-flights" required data-autofocus {...form.getInputProps("name")} />
              <Select
                label="Model"
                description="Whose versions are released on it"
                placeholder={models.isPending ? "loading …" : models.rows.length === 0 ? "no model is registered yet" : "Choose one"}
                required
                searchable
                data={models.rows.map((one) => one.name)}
                {...form.getInputProps("model")}
              />
              <Select
                label="Hypothesis"
                description="Its prices and threshold are copied"
                placeholder="none"
                clearable
                data={hypotheses.rows.map((one) => ({ value: one.id, label: one.name }))}
                {...form.getInputProps("hypothesis")}
              />
            </SimpleGrid>
          </Section>
          <Section title="How it answers" note="Leave these empty to do what the hypothesis and the model say.">
            <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }}>
              <NumberInput label="Says yes above" description="a probability" min={0} max={1} step={0.05} decimalScale={4} {...form.getInputProps("threshold")} />
              <TextInput label="Positive class" description="the label that counts as yes" {...form.getInputProps("positive_class")} />
              <TextInput label="Unit column" description="names who or what a row is about" {...form.getInputProps("unit_column")} />
              <Select
                label="An answer is given"
                description="commit: nothing answered is ever lost"
                allowDeselect={false}
                data={[
                  { value: "commit", label: "once it is on disk" },
                  { value: "async", label: "at once" },
                ]}
                {...form.getInputProps("durability")}
              />
            </SimpleGrid>
          </Section>
          {elsewhere && <ErrorNotice error={create.error} />}
          <Group>
            <Button type="submit" loading={create.isPending} size="md">
              Create it
            </Button>
            <Text size="sm" c="dimmed">
              Next: release a first version on it.
            </Text>
          </Group>
          <Section title="The same from a terminal or a notebook">
            <Snippet {...releases.start} />
          </Section>
        </Stack>
      </form>
    </Page>
  );
}
