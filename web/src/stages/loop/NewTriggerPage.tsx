import { Button, Group, NumberInput, SegmentedControl, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate } from "react-router";

import { api } from "~/api/client";
import { fieldErrors, problemOf } from "~/api/problem";
import { usePages, useSend } from "~/api/queries";
import { ErrorNotice, Snippet } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";

import { loop } from ".";
import { useEndpoints } from "../releases/endpoints";
import { BLANK, errorsOf, requestOf } from "./form";
import { KINDS, type Kind } from "./words";

/** Says when a model is trained again. */
export default function NewTriggerPage() {
  const navigate = useNavigate();
  const form = useForm({ initialValues: BLANK });
  const { endpoints, isPending } = useEndpoints();
  const entries = usePages("/api/v1/entries", { query: { limit: 200 } });
  const create = useSend((values: typeof BLANK) => api.POST("/api/v1/triggers", { body: requestOf(values) }), {
    onDone: (made) => void navigate(`/loop/triggers/${made.id}`),
  });
  const { kind } = form.values;
  const submit = form.onSubmit((values) =>
    create.mutate(values, {
      onError: (error) => form.setErrors(problemOf(error).status === 409 ? { name: problemOf(error).detail } : errorsOf(fieldErrors(error))),
    }),
  );
  const elsewhere = create.isError && Object.keys(form.errors).length === 0;
  return (
    <Page title="Add a trigger" crumbs={[{ title: "The loop", to: "/loop" }, { title: "Triggers", to: "/loop/triggers" }]} lead="When something happens, a model is trained again; the new version serves only if it is better.">
      <form onSubmit={submit} noValidate>
        <Stack gap="lg">
          <Section title="When">
            <Stack>
              <div>
                <SegmentedControl aria-label="On what" value={kind} onChange={(value) => form.setFieldValue("kind", value as Kind)} data={Object.entries(KINDS).map(([value, { label }]) => ({ value, label }))} />
                <Text size="sm" c="dimmed" mt={6}>{`It fires ${KINDS[kind].means}.`}</Text>
              </div>
              <SimpleGrid cols={{ base: 1, sm: 3 }}>
                <TextInput label="Name" description="Lower-case letters, digits and . _ -" placeholder="on-drift" required {...form.getInputProps("name")} />
                <Select label="Endpoint" description="Whose model is retrained" placeholder={isPending ? "loading …" : endpoints.length === 0 ? "there is none yet" : "Choose one"} required data={endpoints.map((one) => one.name)} {...form.getInputProps("endpoint")} />
                {(kind === "drift" || kind === "quality") && <NumberInput label="From a score of" description="empty: as soon as an incident opens" decimalScale={6} {...form.getInputProps("threshold")} />}
                {kind === "data_volume" && <NumberInput label="Growth" description="over what the champion learned from" suffix=" %" min={1} {...form.getInputProps("growth")} />}
                {kind === "schedule" && <TextInput label="Times" description="cron: minute hour day month weekday, UTC" placeholder="0 3 * * 1" required {...form.getInputProps("cron")} />}
              </SimpleGrid>
            </Stack>
          </Section>
          <Section title="What it does then">
            <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }}>
              <Select label="Training entry" description="that is run on the newest data" placeholder={entries.isPending ? "loading …" : entries.rows.length === 0 ? "none is stored yet" : "Choose one"} required data={[...new Set(entries.rows.map((one) => one.name))]} {...form.getInputProps("entry")} />
              <TextInput label="Label" description="the column that holds what came true" placeholder="late" required {...form.getInputProps("label")} />
              <NumberInput label="Judged on the newest" description="labelled, kept from training" suffix=" days" min={1} {...form.getInputProps("holdout")} />
              <NumberInput label="Then a canary on" description="of the units" suffix=" %" min={1} max={50} {...form.getInputProps("share")} />
            </SimpleGrid>
          </Section>
          <Section title="What holds it back" note="So that a bad week does not train a model every hour.">
            <SimpleGrid cols={{ base: 1, sm: 3 }}>
              <NumberInput label="At least between two" description="of the data's own time" suffix=" days" min={0} {...form.getInputProps("cooldown")} />
              <NumberInput label="At most" description="empty: as often as it fires" suffix=" retrainings in 30 days" min={1} {...form.getInputProps("budget")} />
            </SimpleGrid>
          </Section>
          {elsewhere && <ErrorNotice error={create.error} />}
          <Group>
            <Button type="submit" loading={create.isPending} size="md">
              Add it
            </Button>
          </Group>
          <Section title="The same from a terminal or a notebook">
            <Snippet {...loop.start} />
          </Section>
        </Stack>
      </form>
    </Page>
  );
}
