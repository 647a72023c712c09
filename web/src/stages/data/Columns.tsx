/** A profile, column by column: how values are spread, which are frequent, how many are missing. */
import { Badge, Group, Text } from "@mantine/core";

import type { Schema } from "~/api/types";
import { Few } from "~/ui/Few";
import { date, number, percent } from "~/ui/format";

import { Coverage } from "./Coverage";
import { binsOf, missingShare, spread, type Category, type ColumnProfile, type Numeric, type Time } from "./bins";
import classes from "./data.module.css";

const TOP = 4;

export function Columns(props: { profile: Schema<"TableProfile">; version: Schema<"DataVersion">; dataset: Schema<"Dataset"> | undefined }) {
  const { version } = props;
  return (
    <Few items={version.schema} nameOf={({ name }) => name} what="column">
      {(shown) => <Pictures {...props} shown={shown} />}
    </Few>
  );
}

function Pictures({ profile, dataset, shown }: { profile: Schema<"TableProfile">; dataset: Schema<"Dataset"> | undefined; shown: Schema<"DataVersion">["schema"] }) {
  return (
    <ul className={classes.columns}>
      {shown.map(({ name, type }) => {
        const column = profile.columns[name];
        return (
          <li key={name} className={classes.column}>
            <Group justify="space-between" wrap="nowrap" align="baseline" gap="xs">
              <span className={classes.name}>{name}</span>
              <Group gap={4} wrap="nowrap">
                {dataset?.key.includes(name) && <Badge color="plum">key</Badge>}
                {dataset?.time_column === name && <Badge color="sky">time</Badge>}
                <Text size="xs" c="dimmed" component="span">
                  {shortType(type)}
                </Text>
              </Group>
            </Group>
            {column ? <Picture name={name} profile={column} /> : <Text c="dimmed">not profiled</Text>}
          </li>
        );
      })}
    </ul>
  );
}

function shortType(type: string): string {
  return type.replace(/^timestamp\[.*tz=([^\]]+)\]$/, "time $1").replace(/^timestamp.*/, "time");
}

function Picture({ name, profile }: { name: string; profile: ColumnProfile }) {
  const missing = missingShare(profile);
  return (
    <>
      <div className={classes.picture}>{profile.kind === "category" ? <Frequent profile={profile} /> : <Spread name={name} profile={profile} />}</div>
      <Text size="xs" c="dimmed">
        {told(profile)}
      </Text>
      {profile.kind === "time" && <Coverage name={name} profile={profile} />}
      {missing > 0 && (
        <>
          <div className={classes.missing} aria-hidden>
            <div style={{ width: `${missing * 100}%` }} />
          </div>
          <Text size="xs" c="dimmed">{`${share100(missing)} missing`}</Text>
        </>
      )}
    </>
  );
}

function told(profile: ColumnProfile): string {
  if (profile.kind === "category") return profile.distinct === profile.count && profile.count > 1 ? `${number(profile.count)} values, all different` : `${number(profile.distinct)} different values`;
  if (profile.kind === "time") return profile.earliest && profile.latest ? `${number(profile.count)} instants` : "no value";
  if (profile.count === 0) return "no value";
  const zeros = profile.zeros / profile.count >= 0.005 ? ` · ${percent(profile.zeros / profile.count, 0)} zero` : "";
  const different = profile.distinct !== null && profile.distinct < profile.count ? ` · ${number(profile.distinct)} different` : "";
  return `mean ${number(profile.mean)} ± ${number(spread(profile))}${zeros}${different}`;
}

/** Bars whose area is the number of rows, so that narrow and wide bins compare. */
function Spread({ name, profile }: { name: string; profile: Numeric | Time }) {
  const bins = binsOf(profile);
  const [first, last] = [bins[0], bins.at(-1)];
  if (!first || !last) return null;
  const text = profile.kind === "time" ? (at: number) => date(new Date(at)) : (value: number) => number(value, 3);
  const x = (value: number) => ((value - first.from) / (last.to - first.from)) * 100;
  return (
    <>
      <svg className={classes.hist} viewBox="0 0 100 70" preserveAspectRatio="none" role="img" aria-label={`Distribution of ${name}`}>
        {bins.map((bin) => (
          <rect
            key={bin.from}
            className={classes.bin}
            x={x(bin.from) + 0.15}
            width={Math.max(0.2, x(bin.to) - x(bin.from) - 0.3)}
            y={70 - Math.max(bin.count > 0 ? 1.2 : 0, bin.height * 70)}
            height={Math.max(bin.count > 0 ? 1.2 : 0, bin.height * 70)}
          >
            <title>{`${text(bin.from)} to ${text(bin.to)}: ${number(bin.count)} rows`}</title>
          </rect>
        ))}
      </svg>
      <div className={classes.ends}>
        <span>{lowest(profile)}</span>
        <span>{highest(profile)}</span>
      </div>
    </>
  );
}

function lowest(profile: Numeric | Time): string {
  if (profile.kind === "time") return profile.earliest ? date(profile.earliest) : "";
  return profile.minimum === null ? "" : number(profile.minimum);
}

function highest(profile: Numeric | Time): string {
  if (profile.kind === "time") return profile.latest ? date(profile.latest) : "";
  return profile.maximum === null ? "" : number(profile.maximum);
}

function Frequent({ profile }: { profile: Category }) {
  const top = Object.entries(profile.top).sort((a, b) => b[1] - a[1]);
  const most = top[0]?.[1] ?? 1;
  const rest = profile.count - top.slice(0, TOP).reduce((sum, [, count]) => sum + count, 0);
  const unique = profile.distinct === profile.count && profile.count > TOP;
  if (unique) return <Text size="sm" c="dimmed" mt="md">{`e.g. ${top.slice(0, 2).map(([value]) => value).join(", ")}`}</Text>;
  return (
    <dl className={classes.top}>
      {top.slice(0, TOP).map(([value, count]) => (
        <Value key={value} value={value} count={count} share={count / most} rows={profile.count} />
      ))}
      {rest > 0 && (
        <>
          <dt className={classes.value}>
            <Text size="xs" c="dimmed" component="span">{`${number(profile.distinct - Math.min(TOP, top.length))} others`}</Text>
          </dt>
          <dd className={classes.count}>{share100(rest / profile.count)}</dd>
        </>
      )}
    </dl>
  );
}

function Value({ value, count, share, rows }: { value: string; count: number; share: number; rows: number }) {
  return (
    <>
      <dt className={classes.value} title={`${value}: ${number(count)} rows`}>
        <span className={classes.share} style={{ width: `${share * 100}%` }} />
        <span>{value === "" ? "(empty)" : value}</span>
      </dt>
      <dd className={classes.count}>{share100(count / rows)}</dd>
    </>
  );
}

/** A share in words: what is there but small is not zero. */
function share100(share: number): string {
  if (share > 0 && share < 0.001) return "< 0.1 %";
  return percent(share, share < 0.1 ? 1 : 0);
}

/** A cell of a preview, as people read it. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return number(value, 6);
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value)) return value.slice(0, 19).replace("T", " ").replace(/:00$/, ""); // as stored: UTC, not the reader's zone
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
