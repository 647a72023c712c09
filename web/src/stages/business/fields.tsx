/** The groups of the hypothesis form. */
import { NumberInput, Select, SimpleGrid, Text, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";

import type { Schema } from "~/api/types";

import type { HypothesisForm } from "./form";

type Form = UseFormReturnType<HypothesisForm>;

export function MetricFields({ form, metrics }: { form: Form; metrics: Schema<"KnownMetric">[] }) {
  const chosen = metrics.find((metric) => metric.name === form.values.metric);
  const groups = ["classification", "regression"].map((kind) => ({
    group: kind,
    items: metrics.filter((metric) => metric.kind === kind).map((metric) => ({ value: metric.name, label: metric.name.replaceAll("_", " ") })),
  }));
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }}>
      <Select
        label="Metric"
        description={chosen ? `${chosen.what}; ${chosen.direction} is better` : "The number that tells right from wrong"}
        data={groups}
        searchable
        required
        placeholder="Choose one"
        {...form.getInputProps("metric")}
      />
      <NumberInput label="Baseline" description="What it is now, without a model" required hideControls {...form.getInputProps("baseline")} />
      <NumberInput label="Target" description="What it must reach" required hideControls {...form.getInputProps("target")} />
    </SimpleGrid>
  );
}

export function PayoffFields({ form }: { form: Form }) {
  const amount = (name: keyof HypothesisForm, label: string, description: string) => (
    <NumberInput label={label} description={description} hideControls decimalScale={4} {...form.getInputProps(name)} />
  );
  return (
    <div>
      <SimpleGrid cols={2}>
        {amount("truePositive", "A right yes", "earns")}
        {amount("falsePositive", "A false alarm", "costs: below zero")}
        {amount("falseNegative", "A miss", "said no, but it came true")}
        {amount("trueNegative", "A right no", "earned anyway")}
        <NumberInput label="Says yes above" description="a probability" min={0} max={1} step={0.05} decimalScale={3} {...form.getInputProps("threshold")} />
        <TextInput label="Currency" description="three letters" maxLength={3} {...form.getInputProps("currency")} />
      </SimpleGrid>
      <Text size="sm" c="dimmed" mt="sm">
        Without a model the answer is always no; the last two are what is earned anyway.
      </Text>
    </div>
  );
}

export function BudgetFields({ form }: { form: Form }) {
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }}>
      <TextInput label="Owner" description="Who answers for it" required placeholder="ada" {...form.getInputProps("owner")} />
      <NumberInput label="Days" description="until a decision is due" min={1} hideControls {...form.getInputProps("days")} />
      <NumberInput label={`Money, ${form.values.currency || "EUR"}`} description="that the analysis may cost" min={0} hideControls {...form.getInputProps("amount")} />
    </SimpleGrid>
  );
}
