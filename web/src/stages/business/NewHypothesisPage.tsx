import { Button, Group, SimpleGrid, Stack, Switch, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate } from "react-router";

import { api } from "~/api/client";
import { useGet, useSend } from "~/api/queries";
import { ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";

import { business } from ".";
import { BudgetFields, MetricFields, PayoffFields } from "./fields";
import { BLANK, errorsOf, missing, requestOf, worthOfForm, type HypothesisForm } from "./form";
import { Worth } from "./Worth";

/** The form that states a hypothesis; what the amounts mean is computed while they are typed. */
export default function NewHypothesisPage() {
  const navigate = useNavigate();
  const form = useForm<HypothesisForm>({ initialValues: BLANK, validate: missing });
  const metrics = useGet("/api/v1/metrics", {}, { immutable: true });
  const state = useSend((values: HypothesisForm) => api.POST("/api/v1/hypotheses", { body: requestOf(values) }), {
    onDone: (made) => void navigate(`/business/${made.id}`),
  });
  const { values } = form;
  const submit = form.onSubmit((filled) =>
    state.mutate(filled, { onError: (error) => form.setErrors(errorsOf(error)) }),
  );
  const somewhere = state.isError && Object.keys(errorsOf(state.error)).length === 0;
  return (
    <Page title="State a hypothesis" crumbs={[{ title: "Hypotheses", to: "/business" }]} lead="What would be predicted, which number that moves, and what it is worth.">
      <form onSubmit={submit} noValidate>
        <Stack gap="lg">
          <Section title="The idea">
            <Stack>
              <SimpleGrid cols={{ base: 1, sm: 2 }}>
                <TextInput label="Name" description="Lower-case letters, digits and . _ -" placeholder="late-flights" required data-autofocus {...form.getInputProps("name")} />
                <TextInput label="One prediction is about a …" description="What one scored thing is called" placeholder="flight" {...form.getInputProps("unit")} />
              </SimpleGrid>
              <Textarea
                label="Statement"
                description="If we do X, then Y, because Z."
                placeholder="If passengers of flights that will arrive late are warned at departure, they rebook in time, because …"
                autosize
                minRows={3}
                required
                {...form.getInputProps("statement")}
              />
            </Stack>
          </Section>
          <Section title="How it would be proven">
            {metrics.data ? (
              <MetricFields form={form} metrics={metrics.data} />
            ) : metrics.isPending ? (
              <Loading lines={3} />
            ) : (
              <ErrorNotice error={metrics.error} retry={() => void metrics.refetch()} />
            )}
          </Section>
          <Section
            title="What it is worth"
            actions={<Switch label="Answers have a price" {...form.getInputProps("hasPayoffs", { type: "checkbox" })} />}
          >
            {values.hasPayoffs ? (
              <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
                <PayoffFields form={form} />
                <Worth
                  worth={worthOfForm(values)}
                  currency={/^[A-Z]{3}$/.test(values.currency) ? values.currency : "EUR"}
                  threshold={Number(values.threshold) || 0}
                  unit={values.unit || "prediction"}
                  onThreshold={(threshold) => form.setFieldValue("threshold", threshold)}
                />
              </SimpleGrid>
            ) : (
              <Text c="dimmed">Without prices a model is judged by its metric alone, and no value in money is counted.</Text>
            )}
          </Section>
          <Section
            title="Budget of the first analysis"
            actions={<Switch label="Limited" {...form.getInputProps("hasBudget", { type: "checkbox" })} />}
          >
            {values.hasBudget ? <BudgetFields form={form} /> : <Text c="dimmed">No limit: nobody is asked to decide by a day.</Text>}
          </Section>
          {somewhere && <ErrorNotice error={state.error} />}
          <Group>
            <Button type="submit" loading={state.isPending} size="md">
              State it
            </Button>
            <Text size="sm" c="dimmed">
              It can be decided about, never changed: what was believed stays on record.
            </Text>
          </Group>
          <Section title="The same from a terminal or a notebook">
            <Snippet {...business.start} />
          </Section>
        </Stack>
      </form>
    </Page>
  );
}
