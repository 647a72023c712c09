import { ActionIcon, Autocomplete, Button, Group, SegmentedControl, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useNavigate } from "react-router";

import { api } from "~/api/client";
import { fieldErrors } from "~/api/problem";
import { useGet, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";
import { useUrlState } from "~/ui/state";

import classes from "./prompts.module.css";
import { START } from "./recipes";
import { placesIn, Variables } from "./Template";

type Version = Schema<"PromptText">;
type Message = Schema<"Message">;
const CRUMBS = [{ title: "Models", to: "/registry" }, { title: "Prompts", to: "/registry/prompts" }];
const ROLES = ["system", "user", "assistant", "tool"];

/** Writes a version of a prompt: of a new one, or beginning with another version. */
export default function NewPromptPage() {
  const [view] = useUrlState({ from: "", version: "latest" });
  const { data, error, isPending } = useGet("/api/v1/prompts/{ref}/versions/{version}", { path: { ref: view.from, version: view.version } }, { enabled: view.from !== "" });
  const crumbs = data ? [...CRUMBS, { title: data.prompt, to: `/registry/prompts/${data.prompt_id}` }] : CRUMBS;
  return (
    <Page title={view.from ? "Write the next version" : "Write a prompt"} crumbs={crumbs} lead="A version does not change once it is kept. Programs get it when they ask for its number, or when an alias is moved to it.">
      {error && <ErrorNotice error={error} />}
      {view.from !== "" && isPending && <Loading lines={8} />}
      {(view.from === "" || data) && <Form key={data?.id ?? "new"} {...(data && { base: data })} />}
    </Page>
  );
}

function Form({ base }: { base?: Version }) {
  const navigate = useNavigate();
  const [name, setName] = useState(base?.prompt ?? "");
  const [kind, setKind] = useState<"text" | "chat">(base?.kind ?? "text");
  const [text, setText] = useState(base?.text ?? "");
  const [messages, setMessages] = useState<Message[]>(base?.kind === "chat" ? base.messages : [{ role: "system", content: "" }, { role: "user", content: "" }]);
  const [message, setMessage] = useState("");
  const add = useSend(
    () =>
      api.POST("/api/v1/prompts/{name}/versions", {
        params: { path: { name: name.trim() } },
        body: {
          template: kind === "text" ? text : messages.filter((one) => one.content !== ""),
          message: message.trim(),
          ...(base && { response_format: base.response_format as Record<string, unknown> | null, model_settings: base.model_settings as Record<string, unknown> | null }),
        },
      }),
    { onDone: (made) => void navigate(`/registry/prompts/${made.prompt_id}?version=${made.number}`) },
  );
  const wrong = add.isError ? fieldErrors(add.error) : {};
  const places = placesIn(kind === "text" ? text : messages.map((one) => one.content).join("\n"));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate(undefined);
      }}
    >
      <Stack gap="lg">
        <Section title="The text" actions={<SegmentedControl size="xs" aria-label="Form" value={kind} onChange={(value) => setKind(value as "text" | "chat")} data={[{ value: "text", label: "Text" }, { value: "chat", label: "Chat" }]} />}>
          <Stack className={classes.write}>
            {!base && <TextInput label="Name" placeholder="support-answer" required data-autofocus maw={420} value={name} onChange={(event) => setName(event.currentTarget.value)} />}
            {kind === "text" ? (
              <Textarea label="Template" description={"{{name}} is a place to fill in"} placeholder={"Dear {{name}},\n\n{{answer}}"} required autosize minRows={8} maxRows={28} value={text} error={wrong.template} onChange={(event) => setText(event.currentTarget.value)} />
            ) : (
              <Messages messages={messages} setMessages={setMessages} />
            )}
            <Group gap="xs" role="status">
              <Text size="sm" c="dimmed">fills in</Text>
              <Variables names={places} />
            </Group>
          </Stack>
        </Section>
        <Section title="What changed">
          <TextInput aria-label="What changed" placeholder="One sentence that still makes sense in a year." value={message} onChange={(event) => setMessage(event.currentTarget.value)} />
        </Section>
        {add.isError && <ErrorNotice error={add.error} />}
        <Group>
          <Button type="submit" size="md" loading={add.isPending} disabled={name.trim() === ""}>
            Keep this version
          </Button>
        </Group>
        <Section title="The same from a notebook or a terminal">
          <Snippet {...START} />
        </Section>
      </Stack>
    </form>
  );
}

function Messages({ messages, setMessages }: { messages: Message[]; setMessages: (next: Message[]) => void }) {
  const change = (place: number, changes: Partial<Message>) => setMessages(messages.map((one, at) => (at === place ? { ...one, ...changes } : one)));
  return (
    <Stack gap="sm">
      {messages.map((one, place) => (
        <Group key={place} align="flex-start" wrap="nowrap" gap="xs">
          <Autocomplete w={120} aria-label={`Role of message ${place + 1}`} data={ROLES} value={one.role} onChange={(role) => change(place, { role })} />
          <Textarea flex={1} aria-label={`Message ${place + 1}`} autosize minRows={2} maxRows={18} value={one.content} onChange={(event) => change(place, { content: event.currentTarget.value })} />
          <ActionIcon mt={6} color="gray" aria-label={`Leave message ${place + 1} out`} disabled={messages.length === 1} onClick={() => setMessages(messages.filter((_, at) => at !== place))}>
            <IconX size={16} />
          </ActionIcon>
        </Group>
      ))}
      <div>
        <Button size="xs" variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setMessages([...messages, { role: messages.at(-1)?.role === "user" ? "assistant" : "user", content: "" }])}>
          A message more
        </Button>
      </div>
    </Stack>
  );
}
