/** What a webhook is, to fill in: a new one, or one that is changed. */
import { Button, Checkbox, Fieldset, Group, PasswordInput, SimpleGrid, Stack, Switch, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";

import { fieldErrors } from "~/api/problem";
import { useGet } from "~/api/queries";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Section } from "~/ui/Page";

export interface Values {
  name: string;
  url: string;
  description: string;
  events: string[];
  secret: string;
  unsigned: boolean;
}

export const BLANK: Values = { name: "", url: "", description: "", events: [], secret: "", unsigned: false };

export function WebhookForm(props: { initial: Values; signed: boolean; submit: string; busy: boolean; error: unknown; onSubmit: (values: Values) => void }) {
  const form = useForm<Values>({ initialValues: props.initial });
  const wrong = props.error ? fieldErrors(props.error) : {};
  return (
    <form onSubmit={form.onSubmit(props.onSubmit)} noValidate>
      <Stack gap="lg">
        <Section title="Where to">
          <Stack>
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              <TextInput label="Name" description="Letters, digits and . _ -" placeholder="deploys" required data-autofocus {...form.getInputProps("name")} error={wrong.name} />
              <TextInput label="Address" description="https; plain http only inside an own network" placeholder="https://ci.example/hook" type="url" required {...form.getInputProps("url")} error={wrong.url} />
            </SimpleGrid>
            <Textarea label="What for" autosize minRows={1} {...form.getInputProps("description")} />
          </Stack>
        </Section>
        <Section title="What it is told of">
          <Events value={form.values.events} onChange={(events) => form.setFieldValue("events", events)} />
        </Section>
        <Section title="How it knows that it is us" note="With a secret, each delivery carries X-MLflow-Signature: the receiver makes the same and compares.">
          <Stack maw={460}>
            <PasswordInput
              label={props.signed ? "A new secret" : "Secret"}
              description={props.signed ? "empty: the one it has stays; nobody can read it here" : "kept sealed, and never shown again"}
              autoComplete="new-password"
              disabled={form.values.unsigned}
              {...form.getInputProps("secret")}
              error={wrong.secret}
            />
            {props.signed && <Switch label="Take the secret away: unsigned from now on" {...form.getInputProps("unsigned", { type: "checkbox" })} />}
          </Stack>
        </Section>
        {props.error !== null && <ErrorNotice error={props.error} />}
        <Group>
          <Button type="submit" size="md" loading={props.busy} disabled={form.values.events.length === 0 || form.values.name.trim() === "" || form.values.url.trim() === ""}>
            {props.submit}
          </Button>
          {form.values.events.length === 0 && <Text size="sm" c="dimmed">Choose at least one event.</Text>}
        </Group>
      </Stack>
    </form>
  );
}

function Events({ value, onChange }: { value: string[]; onChange: (events: string[]) => void }) {
  const { data, error } = useGet("/api/v1/webhook-events", {}, { immutable: true });
  if (error) return <ErrorNotice error={error} />;
  if (!data) return <Loading />;
  const groups = [
    ["Models", data.filter((one) => !one.name.startsWith("prompt"))],
    ["Prompts", data.filter((one) => one.name.startsWith("prompt"))],
  ] as const;
  return (
    <Checkbox.Group value={value} onChange={onChange}>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        {groups.map(([title, events]) => (
          <Fieldset key={title} legend={title}>
            <Stack gap="xs">
              {events.map((one) => (
                <Checkbox key={one.name} value={one.name} label={one.means} description={one.name} />
              ))}
            </Stack>
          </Fieldset>
        ))}
      </SimpleGrid>
    </Checkbox.Group>
  );
}
