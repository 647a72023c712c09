/** Rows per day, month or year as a strip: gaps are seen at once. */
import { Text } from "@mantine/core";

import { number } from "~/ui/format";

import type { Time } from "./bins";
import classes from "./looks.module.css";

const MOST = 200; // squares in the strip; longer ones are put together

export function Coverage({ name, profile }: { name: string; profile: Time }) {
  const periods = filled(profile);
  if (periods.length < 2) return null;
  const size = Math.ceil(periods.length / MOST);
  const cells = Array.from({ length: Math.ceil(periods.length / size) }, (_, place) => {
    const part = periods.slice(place * size, (place + 1) * size);
    return { from: part[0]!.name, to: part.at(-1)!.name, rows: part.reduce((sum, one) => sum + one.rows, 0) };
  });
  const most = Math.max(...cells.map((cell) => cell.rows));
  const without = periods.filter((period) => period.rows === 0).length;
  return (
    <>
      <svg className={classes.coverage} viewBox={`0 0 ${cells.length} 10`} preserveAspectRatio="none" role="img" aria-label={`Rows of ${name} per ${profile.per}`}>
        {cells.map((cell, place) => (
          <rect key={cell.from} x={place} width={1} y={0} height={10} fill={cell.rows === 0 ? "var(--surface-sunken)" : `color-mix(in srgb, var(--mantine-color-leaf-6) ${20 + Math.round((cell.rows / most) * 75)}%, var(--surface))`}>
            <title>{`${cell.from === cell.to ? cell.from : `${cell.from} to ${cell.to}`}: ${number(cell.rows)} rows`}</title>
          </rect>
        ))}
      </svg>
      <Text size="xs" c="dimmed">
        {without === 0 ? `rows on each of ${number(periods.length)} ${profile.per}s` : `no rows on ${number(without)} of ${number(periods.length)} ${profile.per}s`}
      </Text>
    </>
  );
}

/** Every period from the first to the last, those without rows too. */
export function filled({ per, coverage }: Pick<Time, "per" | "coverage">): { name: string; rows: number }[] {
  const names = Object.keys(coverage).sort();
  const [first, last] = [names[0], names.at(-1)];
  if (!first || !last) return [];
  const found = [];
  for (let at = new Date(`${first}${"-01-01".slice(first.length - 4)}T00:00:00Z`); found.length < 20_000; ) {
    const name = at.toISOString().slice(0, first.length);
    if (name > last) break;
    found.push({ name, rows: coverage[name] ?? 0 });
    if (per === "day") at.setUTCDate(at.getUTCDate() + 1);
    else if (per === "month") at.setUTCMonth(at.getUTCMonth() + 1);
    else at.setUTCFullYear(at.getUTCFullYear() + 1);
  }
  return found;
}
