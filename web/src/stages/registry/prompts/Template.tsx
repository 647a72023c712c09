/** The text of a prompt, its places to fill in marked. */
import { Code, Group, Text } from "@mantine/core";

import type { Schema } from "~/api/types";
import { None } from "~/ui/small";

import classes from "./prompts.module.css";

type Shown = Pick<Schema<"PromptText">, "kind" | "text" | "messages">;

export const PLACE = /(\{\{\s*[a-zA-Z_][a-zA-Z0-9_]*(?:\.[a-zA-Z_][a-zA-Z0-9_]*)*\s*\}\})/;
const STATEMENT = /(\{%.*?%\})/;

/** The names of the places in a text, each once, in its order. */
export function placesIn(text: string): string[] {
  const found = text.split(PLACE).filter((_, place) => place % 2 === 1);
  return [...new Set(found.map((one) => one.slice(2, -2).trim()))];
}

export function Template({ shown }: { shown: Shown }) {
  if (shown.kind === "text") {
    return (
      <div className={classes.template} tabIndex={0} role="region" aria-label="Template">
        <Marked text={shown.text} />
      </div>
    );
  }
  return (
    <ol className={classes.messages} aria-label="Messages">
      {shown.messages.map((message, place) => (
        <li key={place} data-role={message.role}>
          <span className={classes.role}>{message.role}</span>
          <div className={classes.template} tabIndex={0} role="region" aria-label={`Message ${place + 1}, ${message.role}`}>
            <Marked text={message.content} />
          </div>
        </li>
      ))}
    </ol>
  );
}

/** A text in which places and Jinja's statements stand out. */
export function Marked({ text }: { text: string }) {
  return (
    <>
      {text.split(PLACE).map((part, place) =>
        place % 2 === 1 ? (
          <mark key={place} className={classes.place}>
            {part}
          </mark>
        ) : (
          part.split(STATEMENT).map((piece, at) =>
            at % 2 === 1 ? (
              <span key={`${place}.${at}`} className={classes.statement}>
                {piece}
              </span>
            ) : (
              piece
            ),
          )
        ),
      )}
    </>
  );
}

export function Variables({ names, most = 12 }: { names: string[]; most?: number }) {
  if (names.length === 0) return <None why="nothing to fill in" />;
  return (
    <Group gap={4} wrap={most < 12 ? "nowrap" : "wrap"} display="inline-flex">
      {names.slice(0, most).map((name) => (
        <Code key={name} className={classes.name}>
          {name}
        </Code>
      ))}
      {names.length > most && <Text span size="sm" c="dimmed">{`+${names.length - most}`}</Text>}
    </Group>
  );
}
