/** How numeric columns move together: a square a pair, the stronger the darker. */
import { Text } from "@mantine/core";
import { useState } from "react";

import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { Section } from "~/ui/Page";

import classes from "./looks.module.css";

export function Correlations({ correlations }: { correlations: Schema<"Correlations"> }) {
  const { columns, pearson } = correlations;
  const [over, setOver] = useState<[number, number] | null>(null);
  const said = over ? tell(columns[over[0]]!, columns[over[1]]!, pearson[over[0]]?.[over[1]] ?? null) : strongest(correlations);
  return (
    <Section title="How numbers move together" note="Pearson's coefficient over the rows that have both values: 1 together, −1 against each other, 0 no straight line.">
      <div className={classes.heatScroll} tabIndex={0} role="region" aria-label="Correlations">
        <table className={classes.heat} onMouseLeave={() => setOver(null)}>
          <thead>
            <tr>
              <th />
              {columns.map((name) => (
                <th key={name} scope="col">
                  <span>{name}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {columns.map((name, row) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {columns.map((other, column) => {
                  const r = pearson[row]?.[column] ?? null;
                  return (
                    <td
                      key={other}
                      style={{ background: colour(r, row === column) }}
                      title={tell(name, other, r)}
                      onMouseEnter={() => setOver([row, column])}
                      data-strong={(r !== null && Math.abs(r) > 0.6) || undefined}
                    >
                      {r === null || row === column || columns.length > 12 ? "" : short(r)}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Text size="sm" c="dimmed" mt="xs">
        {said}
      </Text>
    </Section>
  );
}

function short(r: number): string {
  return Math.abs(r) < 0.005 ? "0" : r.toFixed(2).replace("-", "−").replace("0.", ".");
}

function colour(r: number | null, self: boolean): string {
  if (r === null || self) return "var(--surface-sunken)";
  const ink = r > 0 ? "var(--mantine-color-leaf-6)" : "var(--mantine-color-pomegranate-5)";
  return `color-mix(in srgb, ${ink} ${Math.round(Math.abs(r) * 85)}%, var(--surface))`;
}

function tell(name: string, other: string, r: number | null): string {
  if (name === other) return name;
  return `${name} and ${other}: ${r === null ? "not known, one of them does not vary" : number(r, 3)}`;
}

function strongest({ columns, pearson }: Schema<"Correlations">): string {
  const pairs = columns.flatMap((name, row) =>
    columns.slice(row + 1).map((other, place) => ({ name, other, r: pearson[row]?.[row + 1 + place] ?? null })),
  );
  const known = pairs.filter((pair) => pair.r !== null).sort((a, b) => Math.abs(b.r!) - Math.abs(a.r!));
  return known[0] ? `The strongest is ${tell(known[0].name, known[0].other, known[0].r)}.` : "No pair varies.";
}
