/** What waits for a person, and what happened last. */
import { Text } from "@mantine/core";
import { IconArrowRight, IconHandFinger } from "@tabler/icons-react";
import { Link } from "react-router";

import type { Entry, StageState } from "~/api/types";
import { stageOf, stageOfEvent } from "~/stages";
import { plainType } from "~/ui/format";
import { pageOf } from "~/ui/links";
import { IdLink, TimeAgo } from "~/ui/small";

import classes from "./lists.module.css";

/** Each need is one large link to where it is met. */
export function Needs({ needs }: { needs: StageState["needs"] }) {
  return (
    <ul className={classes.needs}>
      {needs.map((need) => (
        <li key={need.link + need.text}>
          <Link to={need.link} className={classes.need}>
            <IconHandFinger size={18} aria-hidden className={classes.hand} />
            <span>{need.text}</span>
            <IconArrowRight size={16} aria-hidden />
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** Ledger entries, one line each. */
export function Latest({ entries }: { entries: Entry[] }) {
  return (
    <ol className={classes.latest}>
      {entries.map((entry) => {
        const stage = stageOfEvent(entry.type);
        const Sign = stage && stageOf(stage).icon;
        return (
          <li key={entry.seq} className={classes.entry}>
            <span className={classes.sign}>{Sign && <Sign size={15} stroke={1.8} aria-hidden />}</span>
            <span className={classes.what}>
              <span className={classes.headline}>
                <strong>{plainType(entry.type)}</strong> <Subject entry={entry} />
              </span>
              <Said data={entry.data} />
            </span>
            <Text component="span" size="xs" c="dimmed">
              <TimeAgo at={entry.at} />
            </Text>
          </li>
        );
      })}
    </ol>
  );
}

function Subject({ entry }: { entry: Entry }) {
  const name = [entry.data.name, entry.data.endpoint, entry.data.model, entry.data.dataset].find((value) => typeof value === "string");
  const version = typeof entry.data.number === "number" ? ` v${entry.data.number}` : "";
  const label = name === undefined || pageOf(name) !== undefined ? undefined : `${name}${version}`;
  return <IdLink id={entry.subject} {...(label !== undefined && { label })} />;
}

/** The sentence in an event's data, where it has one. */
function Said({ data }: { data: Entry["data"] }) {
  const text = [data.reason, data.summary, data.error].find((value): value is string => typeof value === "string" && value !== "");
  return text === undefined ? null : <span className={classes.said}>{text}</span>;
}
