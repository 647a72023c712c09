/** Two versions of a prompt side by side, the words in which they differ marked. */
import { Group, Stack, Text } from "@mantine/core";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice, Loading } from "~/ui/notices";

import classes from "./prompts.module.css";
import { Marked, Variables } from "./Template";

type Piece = Schema<"TextPiece">;
type Part = Schema<"PromptPart">;

export function Changes({ prompt, before, after }: { prompt: string; before: number; after: number }) {
  const { data, error, isPending } = useGet("/api/v1/prompts/{ref}/diff/{before}/{after}", { path: { ref: prompt, before: String(before), after: String(after) } });
  if (error) return <ErrorNotice error={error} />;
  if (isPending || !data) return <Loading lines={6} />;
  return (
    <Stack gap="sm">
      {data.same && <Text c="dimmed">{`The text of v${before} and of v${after} is the same.`}</Text>}
      {data.parts.map((part, place) => (
        <Sides key={place} part={part} titles={[titleOf(before, part.before), titleOf(after, part.after)]} />
      ))}
      <Group gap="lg">
        {data.variables_added.length > 0 && <Places title="places added" names={data.variables_added} />}
        {data.variables_removed.length > 0 && <Places title="places gone" names={data.variables_removed} />}
      </Group>
    </Stack>
  );
}

function titleOf(number: number, role: string | null): string {
  return role === null ? `v${number}: not there` : role === "" ? `v${number}` : `v${number}, ${role}`;
}

function Places({ title, names }: { title: string; names: string[] }) {
  return (
    <Group gap="xs">
      <Text size="sm" c="dimmed">{title}</Text>
      <Variables names={names} />
    </Group>
  );
}

function Sides({ part, titles }: { part: Part; titles: [string, string] }) {
  return (
    <table className={classes.diff} aria-label={`${titles[0]} and ${titles[1]}`}>
      <thead>
        <tr>
          {titles.map((title) => (
            <th key={title} scope="col">{title}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {part.lines.map((line, place) => (
          <tr key={place}>
            <Side pieces={line.before} other={line.after} change="removed" />
            <Side pieces={line.after} other={line.before} change="added" />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Side({ pieces, other, change }: { pieces: Piece[] | null; other: Piece[] | null; change: "removed" | "added" }) {
  if (pieces === null) return <td data-change="absent" />;
  const changed = pieces.some((piece) => piece.changed) || other === null || other.some((piece) => piece.changed);
  const Changed = change === "removed" ? "del" : "ins";
  return (
    <td data-change={changed ? change : undefined}>
      {pieces.map((piece, place) => (piece.changed ? <Changed key={place}><Marked text={piece.text} /></Changed> : <Marked key={place} text={piece.text} />))}
      {pieces.every((piece) => piece.text === "") && "\u200b"}
    </td>
  );
}
