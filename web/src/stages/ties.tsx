/** The links of a record in the ledger, each kind as half a sentence with the records that end it. */
import { Anchor, Text } from "@mantine/core";
import { IconRoute } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "react-router";

import type { Schema } from "~/api/types";
import { Facts, Section } from "~/ui/Page";
import { kindOf } from "~/ui/links";

import { RecordLink } from "./names";
import classes from "./ties.module.css";

type Tie = Schema<"Link">;

const FORWARD: Record<string, string> = {
  tests: "tests", decided: "decides about", evidence: "rests on", belongs_to: "belongs to", derived_from: "came after", extracted_from: "taken from",
  trained_on: "trained on", evaluated_on: "measured on", ran: "ran", produced: "made", serves: "serves",
  challenges: "tries", monitors: "watches", caused: "caused",
};
const BACKWARD: Record<string, string> = {
  tests: "tested by", decided: "decided by", evidence: "is evidence for", belongs_to: "has", derived_from: "followed by", extracted_from: "gave",
  trained_on: "used to train", evaluated_on: "used to measure", ran: "was run by", produced: "made by", serves: "served by",
  challenges: "tried by", monitors: "watched by", caused: "caused by",
};
const SHOWN = 8;

/** `{ "trained on": ["ver_…"] }`: what the links of `id` say. Digests and records without a page are left out. */
export function sentences(id: string, links: Tie[]): Map<string, string[]> {
  const said = new Map<string, string[]>();
  for (const { source, relation, target } of links) {
    const forward = source === id;
    const words = (forward ? FORWARD : BACKWARD)[relation];
    const other = forward ? target : source;
    if (words === undefined || kindOf(other) === undefined) continue;
    said.set(words, [...(said.get(words) ?? []), other]);
  }
  return said;
}

export function Ties({ id, links }: { id: string; links: Tie[] }) {
  const facts = [...sentences(id, links)].map(([words, ids]): [string, ReactNode] => [words, <Named key={words} ids={ids} />]);
  return (
    <Section title="Where it stands in the circle" actions={<TraceLink id={id} />}>
      {facts.length > 0 ? <Facts facts={facts} /> : <Text c="dimmed">Nothing refers to it yet.</Text>}
    </Section>
  );
}

export function Named({ ids }: { ids: string[] }) {
  return (
    <span className={classes.named}>
      {ids.slice(0, SHOWN).map((id) => (
        <RecordLink key={id} id={id} />
      ))}
      {ids.length > SHOWN && <Text size="sm" c="dimmed">{`and ${ids.length - SHOWN} more`}</Text>}
    </span>
  );
}

export function TraceLink({ id }: { id: string }) {
  return (
    <Anchor component={Link} to={`/trace/${id}`} size="sm" className={classes.trace}>
      <IconRoute size={15} aria-hidden /> Trace it
    </Anchor>
  );
}
