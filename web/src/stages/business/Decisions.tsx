import { Anchor, Group, Text } from "@mantine/core";

import type { Schema } from "~/api/types";
import { kindOf } from "~/ui/links";
import { StateBadge, TimeAgo } from "~/ui/small";

import { RecordLink } from "../names";
import classes from "./business.module.css";

/** Decisions with their reasons and what they rest on. */
export function Decisions({ decisions }: { decisions: Schema<"Decision">[] }) {
  return (
    <ol className={classes.decisions}>
      {decisions.map((decision) => (
        <li key={decision.id} className={classes.decision} data-verdict={decision.verdict}>
          <Group gap="xs">
            <StateBadge state={decision.verdict} />
            <Text size="sm" c="dimmed" component="span">
              {decision.by}, <TimeAgo at={decision.at} />
            </Text>
          </Group>
          <Text mt={4}>{decision.reason}</Text>
          {decision.evidence.length > 0 && (
            <Group gap="sm" mt={4}>
              <Text size="sm" c="dimmed" component="span">
                On the evidence of
              </Text>
              {decision.evidence.map((one) => (
                <Evidence key={one} text={one} />
              ))}
            </Group>
          )}
        </li>
      ))}
    </ol>
  );
}

/** A record by its name, a document as a link, anything else as it was written. */
function Evidence({ text }: { text: string }) {
  if (kindOf(text) !== undefined) return <RecordLink id={text} />;
  if (!/^https?:\/\//.test(text)) return <span>{text}</span>;
  return (
    <Anchor href={text} target="_blank" rel="noreferrer noopener">
      {text.replace(/^https?:\/\//, "")}
    </Anchor>
  );
}
