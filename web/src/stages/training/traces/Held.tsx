/** A value that went in or came out: as a conversation where it is one, else as a tree. */
import { Group, SegmentedControl, Stack, Text } from "@mantine/core";
import { useState } from "react";

import { JsonTree } from "~/ui/JsonTree";
import { Markdown } from "~/ui/Markdown";
import { CopyButton } from "~/ui/small";

import { messagesOf, type Message } from "./chat";
import classes from "./traces.module.css";

export function Held({ title, value }: { title: string; value: unknown }) {
  const [as, show] = useState("Chat");
  if (value === null || value === undefined) return null;
  const messages = messagesOf(value);
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return (
    <section aria-label={title}>
      <Group justify="space-between" mt="sm" mb={4} mih={26}>
        <Text fw={600} size="sm">
          {title}
        </Text>
        <Group gap={4}>
          {messages.length > 0 && <SegmentedControl size="xs" value={as} onChange={show} data={["Chat", "JSON"]} aria-label={`How to show ${title.toLowerCase()}`} />}
          <CopyButton value={text} what={title.toLowerCase()} />
        </Group>
      </Group>
      {messages.length > 0 && as === "Chat" ? <Chat messages={messages} /> : typeof value === "string" ? <Said text={value} /> : <JsonTree value={value} label={title} />}
    </section>
  );
}

function Said({ text }: { text: string }) {
  return (
    <div className={classes.message} tabIndex={0} role="region" aria-label="Text" data-text>
      <p className={classes.plain}>{text}</p>
    </div>
  );
}

function Chat({ messages }: { messages: Message[] }) {
  return (
    <Stack gap={6}>
      {messages.map((message, place) => (
        <div key={place} className={classes.message} data-role={message.role}>
          <div className={classes.role}>{message.role}</div>
          {message.text !== "" && (message.role === "assistant" ? <Markdown text={message.text} /> : <p className={classes.plain}>{message.text}</p>)}
          {message.calls.map((call, number) => (
            <div key={number}>
              <Text size="sm" my={4}>
                calls <b>{call.name}</b>
              </Text>
              <JsonTree value={call.arguments} label={`Arguments of ${call.name}`} />
            </div>
          ))}
        </div>
      ))}
    </Stack>
  );
}
