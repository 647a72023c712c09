/** Who agreed to a version, what is missing, and the buttons to say something about it. */
import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { IconHandStop, IconMessageQuestion, IconThumbUp } from "@tabler/icons-react";
import { useState } from "react";

import { api } from "~/api/client";
import { useGet, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Section } from "~/ui/Page";
import { StateBadge, TimeAgo } from "~/ui/small";

import { By } from "../names";
import classes from "./registry.module.css";
import { speakingAs, useName } from "./who";

type Kind = Schema<"NewStatement">["kind"];
type Standing = Schema<"Standing">;

const TITLES: Record<Kind, string> = { requested: "Ask for approval", approved: "Approve it", rejected: "Reject it", withdrawn: "Take it back" };

export function Approvals({ version }: { version: Schema<"ModelVersion"> }) {
  const path = { name: version.model, number: version.number };
  const { data, error, refetch } = useGet("/api/v1/models/{name}/versions/{number}/approvals", { path });
  const [kind, say] = useState<Kind | null>(null);
  return (
    <Section title="Who agreed" note={data && whatIsAsked(data)}>
      {!data && (error ? <ErrorNotice error={error} retry={() => void refetch()} /> : <Loading lines={2} />)}
      {data && (
        <Stack gap="sm">
          <Group gap="xs">
            <StandingBadge standing={data} />
            <Text role="status">{data.missing ? `${data.missing[0]!.toUpperCase()}${data.missing.slice(1)}.` : data.approved_by.length > 0 ? `Approved by ${data.approved_by.join(", ")}.` : "Nobody was asked."}</Text>
          </Group>
          <Statements standing={data} />
          <Group gap="xs">
            <Button size="xs" variant="default" leftSection={<IconMessageQuestion size={15} aria-hidden />} onClick={() => say("requested")}>
              {TITLES.requested}
            </Button>
            <Button size="xs" variant="light" leftSection={<IconThumbUp size={15} aria-hidden />} onClick={() => say("approved")}>
              {TITLES.approved}
            </Button>
            <Button size="xs" variant="light" color="pomegranate" leftSection={<IconHandStop size={15} aria-hidden />} onClick={() => say("rejected")}>
              {TITLES.rejected}
            </Button>
          </Group>
        </Stack>
      )}
      {kind && <Say key={kind} kind={kind} path={path} onClose={() => say(null)} />}
    </Section>
  );
}

function whatIsAsked({ needed, approvers, authors }: Standing): string {
  const not = authors.length > 0 ? `, but not ${authors.join(" or ")}, whose work it is` : "";
  if (needed === 0) return "This model asks for no approval; what people say is kept all the same.";
  return `Before it is champion or in production, ${needed === 1 ? "one" : needed} of ${approvers.length > 0 ? approvers.join(", ") : "any other people"} must agree${not}.`;
}

function StandingBadge({ standing }: { standing: Standing | undefined }) {
  if (!standing || standing.needed === 0) return null;
  if (standing.rejected_by.length > 0) return <StateBadge state="refused" label="rejected" />;
  return standing.missing ? <StateBadge state="pending" label="waits for people" /> : <StateBadge state="passed" label="approved" />;
}

function Statements({ standing }: { standing: Standing }) {
  if (standing.statements.length === 0) return null;
  return (
    <ol className={classes.gates} aria-label="What people said">
      {standing.statements.map((said) => (
        <li key={said.id} className={classes.gate} data-passed={said.kind === "approved"} data-neutral={said.kind === "requested" || said.kind === "withdrawn"}>
          <Text component="div">
            <strong>
              <By actor={said.by} />
            </strong>{" "}
            {{ requested: "asked for approval", approved: "approved it", rejected: "rejected it", withdrawn: "took it back" }[said.kind]}
            <Text span size="sm" c="dimmed">
              {" "}
              <TimeAgo at={said.at} />
            </Text>
          </Text>
          {said.comment && <Text size="sm">{said.comment}</Text>}
        </li>
      ))}
    </ol>
  );
}

function Say({ kind, path, onClose }: { kind: Kind; path: { name: string; number: number }; onClose: () => void }) {
  const [name, setName] = useName();
  const [comment, setComment] = useState("");
  const send = useSend(
    () => api.POST("/api/v1/models/{name}/versions/{number}/approvals", { params: { path }, body: { kind, comment }, headers: speakingAs(name) }),
    { onDone: onClose },
  );
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>{TITLES[kind]}</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate(undefined);
        }}
      >
        <Stack>
          <TextInput label="Your name" description="It stands beside what you say, for good." required={kind !== "requested"} data-autofocus={name === "" || undefined} value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <Textarea label={kind === "rejected" ? "What would have to be different?" : "Comment"} required={kind === "rejected"} autosize minRows={3} value={comment} onChange={(event) => setComment(event.currentTarget.value)} data-autofocus={name !== "" || undefined} />
          {send.isError && <ErrorNotice error={send.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Not now
            </Button>
            <Button type="submit" loading={send.isPending} color={kind === "rejected" ? "pomegranate" : "leaf"}>
              {TITLES[kind]}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
