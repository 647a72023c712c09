/** A version's card: what the ledger knows and what people wrote, shown, edited, handed on. */
import { Anchor, Badge, Button, Code, Collapse, Group, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { IconDownload, IconPencil } from "@tabler/icons-react";
import { useState } from "react";

import { api } from "~/api/client";
import { useGet, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { Markdown } from "~/ui/Markdown";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Section } from "~/ui/Page";
import { TimeAgo } from "~/ui/small";

import { partsOf } from "./cardText";
import classes from "./registry.module.css";
import { speakingAs, useName } from "./who";

type Card = Schema<"Card">;

export function ModelCard({ version }: { version: Schema<"ModelVersion"> }) {
  const path = { name: version.model, number: version.number };
  const { data, error, refetch } = useGet("/api/v1/models/{name}/versions/{number}/card", { path });
  const [draft, setDraft] = useState<Card | null>(null);
  const readme = `/api/v1/models/${encodeURIComponent(version.model)}/versions/${version.number}/card/README.md`;
  return (
    <Section
      title="Card"
      note={data && <History card={data} />}
      actions={
        data &&
        draft === null && (
          <>
            <Button size="xs" variant="default" component="a" href={readme} download leftSection={<IconDownload size={14} aria-hidden />}>
              README.md
            </Button>
            <Button size="xs" variant="default" leftSection={<IconPencil size={14} aria-hidden />} onClick={() => setDraft(data)}>
              Edit
            </Button>
          </>
        )
      }
    >
      {!data && (error ? <ErrorNotice error={error} retry={() => void refetch()} /> : <Loading />)}
      {data && (draft ? <Editor card={draft} path={path} onClose={() => setDraft(null)} /> : <Shown card={data} />)}
    </Section>
  );
}

function History({ card }: { card: Card }) {
  const last = card.edits[0];
  return (
    <Group gap="xs">
      {last ? (
        <span>
          {`Revision ${card.revision} by ${last.by}, `}
          <TimeAgo at={last.at} />
          {last.comment && `: ${last.comment}`}
        </span>
      ) : (
        <span>Written by the ledger; nobody edited it yet.</span>
      )}
      {card.unwritten.map((title) => (
        <Badge key={title} color="quince" c="inherit">{`${title.toLowerCase()} missing`}</Badge>
      ))}
    </Group>
  );
}

function Shown({ card }: { card: Card }) {
  const [open, setOpen] = useState(false);
  const { header, body } = partsOf(card.text);
  return (
    <Stack gap="sm">
      <div className={classes.card} role="region" aria-label="Model card" tabIndex={0}>
        <Markdown text={body} />
      </div>
      {header && (
        <div>
          <Anchor component="button" type="button" size="sm" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? "Hide the YAML header" : "Show the YAML header"}
          </Anchor>
          <Collapse expanded={open}>
            <Code block mt="xs" tabIndex={0}>
              {header}
            </Code>
          </Collapse>
        </div>
      )}
    </Stack>
  );
}

function Editor({ card, path, onClose }: { card: Card; path: { name: string; number: number }; onClose: () => void }) {
  const [name, setName] = useName();
  const [text, setText] = useState(card.text);
  const [comment, setComment] = useState("");
  const save = useSend(
    () => api.PUT("/api/v1/models/{name}/versions/{number}/card", { params: { path }, body: { text, comment, based_on: card.revision }, headers: speakingAs(name) }),
    { onDone: onClose },
  );
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        What stands between comments is kept up to date by the ledger; a part that you change there is yours from then on.
      </Text>
      <Textarea aria-label="Card" autosize minRows={14} maxRows={34} value={text} onChange={(event) => setText(event.currentTarget.value)} classNames={{ input: classes.source ?? "" }} spellCheck={false} />
      <Group grow align="flex-start">
        <TextInput label="Your name" value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <TextInput label="What you changed" value={comment} onChange={(event) => setComment(event.currentTarget.value)} />
      </Group>
      {save.isError && <ErrorNotice error={save.error} />}
      <Group gap="xs">
        <Button size="xs" loading={save.isPending} disabled={text === card.text} onClick={() => save.mutate(undefined)}>
          Save the card
        </Button>
        <Button size="xs" variant="default" onClick={onClose}>
          Not now
        </Button>
      </Group>
    </Stack>
  );
}
