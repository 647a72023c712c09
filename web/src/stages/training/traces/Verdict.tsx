/** What was judged, in a word: yes and no with their signs, numbers as numbers, everything else as text. */
import { Badge, Text } from "@mantine/core";
import { IconAlertTriangle, IconThumbDown, IconThumbUp } from "@tabler/icons-react";

import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { StateBadge } from "~/ui/small";

export function Verdict({ of }: { of: Schema<"Assessment"> }) {
  if (of.error) return <StateBadge state="failed" label="judge failed" />;
  const value = valueOf(of);
  if (typeof value === "boolean" || /^(yes|no)$/i.test(String(value))) return <YesNo good={value === true || /^yes$/i.test(String(value))} />;
  if (typeof value === "number") return <span className="tabular">{number(value)}</span>;
  if (value === null) return <IconAlertTriangle size={14} aria-label="nothing said" />;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return (
    <Text component="span" inherit truncate title={text}>
      {text}
    </Text>
  );
}

function YesNo({ good }: { good: boolean }) {
  const Sign = good ? IconThumbUp : IconThumbDown;
  const color = good ? "leaf" : "pomegranate";
  return (
    <Badge color={color} leftSection={<Sign size={12} stroke={2.2} aria-hidden />} style={{ "--badge-color": `var(--ink-${color})` }}>
      {good ? "yes" : "no"}
    </Badge>
  );
}

/** Its value; a text that is no JSON stays what it is. */
export function valueOf(of: Schema<"Assessment">): unknown {
  try {
    return JSON.parse(of.value) as unknown;
  } catch {
    return of.value;
  }
}
