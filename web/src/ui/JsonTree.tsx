/** Any JSON value, folded where it is deep, its texts readable: what programs sent, for people. */
import { Anchor, Box } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";

import classes from "./JsonTree.module.css";

const OPEN_DEPTH = 2;
const MANY = 100;
const LONG = 600;

export function JsonTree({ value, label }: { value: unknown; label: string }) {
  return (
    <Box className={classes.tree} tabIndex={0} role="region" aria-label={label}>
      <Value value={value} depth={0} />
    </Box>
  );
}

function Value({ value, depth }: { value: unknown; depth: number }) {
  if (value === null || typeof value !== "object") return <Plain value={value} />;
  const entries: [string, unknown][] = Array.isArray(value) ? value.map((one, place) => [String(place), one]) : Object.entries(value);
  if (entries.length === 0) return <span className={classes.quiet}>{Array.isArray(value) ? "[ ]" : "{ }"}</span>;
  return <Entries entries={entries} isList={Array.isArray(value)} depth={depth} />;
}

function Entries({ entries, isList, depth }: { entries: [string, unknown][]; isList: boolean; depth: number }) {
  const [count, show] = useState(MANY);
  return (
    <ul className={classes.entries} data-top={depth === 0 || undefined}>
      {entries.slice(0, count).map(([key, value]) => (
        <Entry key={key} name={key} value={value} isList={isList} depth={depth} />
      ))}
      {entries.length > count && (
        <li>
          <Anchor component="button" type="button" size="xs" onClick={() => show(count + 10 * MANY)}>
            {`${(entries.length - count).toLocaleString("en-US")} more`}
          </Anchor>
        </li>
      )}
    </ul>
  );
}

function Entry({ name, value, isList, depth }: { name: string; value: unknown; isList: boolean; depth: number }) {
  const [open, toggle] = useState(depth < OPEN_DEPTH);
  const nested = value !== null && typeof value === "object" && Object.keys(value).length > 0;
  const key = <span className={isList ? classes.place : classes.key}>{name}</span>;
  if (!nested) {
    return (
      <li className={classes.leaf}>
        {key} <Value value={value} depth={depth + 1} />
      </li>
    );
  }
  const size = Object.keys(value).length;
  return (
    <li>
      <button type="button" className={classes.fold} aria-expanded={open} onClick={() => toggle(!open)}>
        <IconChevronRight size={12} aria-hidden data-open={open || undefined} />
        {key} <span className={classes.quiet}>{Array.isArray(value) ? `[${size}]` : `{${size}}`}</span>
      </button>
      {open && <Value value={value} depth={depth + 1} />}
    </li>
  );
}

function Plain({ value }: { value: unknown }) {
  const [whole, show] = useState(false);
  if (typeof value !== "string") return <span className={classes.number}>{value === undefined ? "nothing" : String(value)}</span>;
  const cut = !whole && value.length > LONG;
  return (
    <span className={classes.text}>
      {cut ? `${value.slice(0, LONG)}… ` : value}
      {cut && (
        <Anchor component="button" type="button" size="xs" onClick={() => show(true)}>
          {`show all ${value.length.toLocaleString("en-US")} characters`}
        </Anchor>
      )}
    </span>
  );
}
