import { Button, Group, NumberInput, Select, SimpleGrid, Stack, TagsInput, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate } from "react-router";

import { api } from "~/api/client";
import { fieldErrors, problemOf } from "~/api/problem";
import { useSend } from "~/api/queries";
import { ErrorNotice, Snippet } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";

import { monitoring } from ".";
import { useEndpoints } from "../releases/endpoints";

type Typed = number | string;
const BLANK = { endpoint: null as string | null, days: 7 as Typed, ignore: [] as string[], drift_alarm: 0.25 as Typed, min_rows: 300 as Typed, floor: "" as Typed, quality_patience: 2 as Typed };

/** Watches an endpoint in windows of event time. */
export default function NewMonitorPage() {
  const navigate = useNavigate();
  const form = useForm({ initialValues: BLANK });
  const { endpoints, isPending } = useEndpoints();
  const create = useSend(
    (values: typeof BLANK) =>
      api.POST("/api/v1/monitors", {
        body: {
          endpoint: values.endpoint ?? "",
          window_hours: Number(values.days) * 24,
          ignore: values.ignore,
          thresholds: {
            drift_alarm: Number(values.drift_alarm),
            drift_warn: Math.min(0.1, Number(values.drift_alarm)),
            min_rows: Number(values.min_rows),
            floor: values.floor === "" ? null : Number(values.floor),
            quality_patience: Number(values.quality_patience),
          },
        },
      }),
    { onDone: (made) => void navigate(`/monitoring/${made.id}`) },
  );
  const submit = form.onSubmit((values) =>
    create.mutate(values, {
      onError: (error) => form.setErrors(problemOf(error).status === 409 ? { endpoint: problemOf(error).detail } : fieldErrors(error)),
    }),
  );
  const elsewhere = create.isError && Object.keys(form.errors).length === 0;
  return (
    <Page title="Watch an endpoint" crumbs={[{ title: "Monitors", to: "/monitoring" }]} lead="Its predictions are read in windows of event time, from the first one on.">
      <form onSubmit={submit} noValidate>
        <Stack gap="lg">
          <Section title="What is watched">
            <SimpleGrid cols={{ base: 1, sm: 3 }}>
              <Select label="Endpoint" description="One monitor each" placeholder={isPending ? "loading …" : endpoints.length === 0 ? "there is none yet" : "Choose one"} required data={endpoints.map((one) => one.name)} {...form.getInputProps("endpoint")} />
              <NumberInput label="Length of a window" description="of event time" suffix=" days" min={0.04} {...form.getInputProps("days")} />
              <TagsInput label="Leave out" description="Input columns that change by nature; Enter adds one" acceptValueOnBlur {...form.getInputProps("ignore")} />
            </SimpleGrid>
          </Section>
          <Section title="When it alarms">
            <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }}>
              <NumberInput label="Drift beyond noise of" description="population stability index" min={0} step={0.05} decimalScale={3} {...form.getInputProps("drift_alarm")} />
              <NumberInput label="Judge windows from" description="fewer rows tell nothing" suffix=" rows" min={1} {...form.getInputProps("min_rows")} />
              <NumberInput label="Quality below" description="empty: the hypothesis' target" decimalScale={6} {...form.getInputProps("floor")} />
              <NumberInput label="An incident after" description="bad quality in a row" suffix=" windows" min={1} {...form.getInputProps("quality_patience")} />
            </SimpleGrid>
            <Text size="sm" c="dimmed" mt="sm">
              Weather moves every week: a column alarms only when it moves further than stretches of the training data did among themselves.
            </Text>
          </Section>
          {elsewhere && <ErrorNotice error={create.error} />}
          <Group>
            <Button type="submit" loading={create.isPending} size="md">
              Watch it
            </Button>
          </Group>
          <Section title="The same from a terminal or a notebook">
            <Snippet {...monitoring.start} />
          </Section>
        </Stack>
      </form>
    </Page>
  );
}
