/** The small things every page shows: states, ids, times, amounts, copyable text. */
import { ActionIcon, Anchor, Badge, CopyButton as MantineCopy, Group, Text, Tooltip } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCheck,
  IconCircleDashed,
  IconCircleX,
  IconCopy,
  IconLoader2,
  IconPlayerPause,
  type Icon,
} from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { Link } from "react-router";

import { dateTime, money, timeAgo } from "./format";
import { kindOf, pageOf, shortId } from "./links";
import classes from "./small.module.css";

type Tone = "good" | "busy" | "warn" | "bad" | "new" | "quiet";

const TONES: Record<Tone, { color: string; icon: Icon }> = {
  good: { color: "leaf", icon: IconCheck },
  busy: { color: "sky", icon: IconLoader2 },
  warn: { color: "quince", icon: IconAlertTriangle },
  bad: { color: "pomegranate", icon: IconCircleX },
  new: { color: "plum", icon: IconCircleDashed },
  quiet: { color: "gray", icon: IconPlayerPause },
};

/** Every state that any record can be in, by what it means to a person. */
const STATE_TONES: Record<string, Tone> = {
  ok: "good", green: "good", go: "good", done: "good", finished: "good", promote: "good", promoted: "good", passed: "good",
  fired: "good", active: "good", ready: "good", closed: "good", champion: "good", live: "good", approved: "good",
  running: "busy", queued: "busy", busy: "busy", scheduled: "busy", waiting: "busy", continue: "busy", connecting: "busy", claimed: "busy",
  warn: "warn", attention: "warn", open: "new", yes: "new", parked: "warn", pending: "warn", canary: "new", candidate: "new",
  fail: "bad", critical: "bad", failed: "bad", alarm: "bad", killed: "bad", kill: "bad", roll_back: "bad", rolled_back: "bad", refused: "bad", rejected: "bad", offline: "bad",
  empty: "quiet", cancelled: "quiet", archived: "quiet", held: "quiet", retired: "quiet", superseded: "quiet", pivot: "new",
};

/** A state as a badge with an icon, so that colour is never the only sign. `tone` overrides the usual meaning. */
export function StateBadge({ state, tone, label }: { state: string; tone?: Tone; label?: string }) {
  const { color, icon: Sign } = TONES[tone ?? STATE_TONES[state.toLowerCase()] ?? "quiet"];
  return (
    <Badge color={color} className={classes[`ink-${color}`]} leftSection={<Sign size={12} stroke={2.4} aria-hidden />}>
      {label ?? state.toLowerCase().replaceAll("_", " ")}
    </Badge>
  );
}

/** An id that leads to its record's page; hover shows it whole, the button copies it. */
export function IdLink({ id, label, copy = false }: { id: string; label?: string; copy?: boolean }) {
  const page = pageOf(id);
  const text = label ?? shortId(id);
  const shown = page ? (
    <Anchor component={Link} to={page} inherit className={label ? undefined : classes.mono}>
      {text}
    </Anchor>
  ) : (
    <span className={label ? undefined : classes.mono}>{text}</span>
  );
  return (
    <Group gap={2} wrap="nowrap" display="inline-flex">
      <Tooltip label={`${kindOf(id) ?? "id"} ${id}`}>{shown}</Tooltip>
      {copy && <CopyButton value={id} what="id" />}
    </Group>
  );
}

/** A small button that copies `value`; `what` names it for those who cannot see the icon. */
export function CopyButton({ value, what }: { value: string; what: string }) {
  return (
    <MantineCopy value={value} timeout={1_500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? "copied" : `copy ${what}`}>
          <ActionIcon size="sm" color={copied ? "leaf" : "gray"} onClick={copy} aria-label={copied ? "copied" : `copy ${what}`}>
            {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </MantineCopy>
  );
}

/** "3 minutes ago", kept true; the exact time is in the tooltip (`plain`: the browser's own, for long tables). */
export function TimeAgo({ at, plain = false }: { at: string; plain?: boolean }) {
  const now = useNow();
  const text = timeAgo(new Date(at), now);
  if (plain) {
    return (
      <time dateTime={at} title={dateTime(at)}>
        {text}
      </time>
    );
  }
  return (
    <Tooltip label={dateTime(at)}>
      <time dateTime={at} className={classes.time}>
        {text}
      </time>
    </Tooltip>
  );
}

const clock = { listeners: new Set<() => void>(), timer: undefined as ReturnType<typeof setInterval> | undefined };

/** The current time, told anew every ten seconds: one timer for everything on the page. */
function useNow(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const tick = () => setNow(new Date());
    clock.listeners.add(tick);
    clock.timer ??= setInterval(() => clock.listeners.forEach((listener) => listener()), 10_000);
    return () => {
      clock.listeners.delete(tick);
      if (clock.listeners.size === 0) {
        clearInterval(clock.timer);
        clock.timer = undefined;
      }
    };
  }, []);
  return now;
}

/** An amount of money; `signed` colours gain and loss and writes the plus. */
export function Money({ amount, currency = "EUR", signed = false }: { amount: string | number; currency?: string; signed?: boolean }) {
  const value = Number(amount);
  const text = money(amount, currency);
  const tone = !signed || value === 0 ? undefined : value > 0 ? classes.gain : classes.loss;
  return <span className={`${classes.money} ${tone ?? ""}`}>{signed && value > 0 ? `+${text}` : text}</span>;
}

/** Nothing here; read out as such. */
export function None({ why = "none" }: { why?: string }) {
  return (
    <Text component="span" c="dimmed" size="inherit" aria-label={why}>
      –
    </Text>
  );
}
