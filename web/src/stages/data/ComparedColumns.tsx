import { Badge, Group, Stack, Text } from "@mantine/core";

import type { Schema } from "~/api/types";
import { SERIES } from "~/theme/palette";
import { Chart } from "~/ui/Chart";
import { Few } from "~/ui/Few";
import { number, percent } from "~/ui/format";

import classes from "./data.module.css";
import { movedBy } from "./moved";
import { together } from "./together";

type Compared = Schema<"ColumnComparison">;

/** Every column of two versions, its distributions drawn as one picture. */
export function ComparedColumns({ columns, names }: { columns: Compared[]; names: [string, string] }) {
  return (
    <Few items={columns} nameOf={(column) => column.name} what="column" most={24}>
      {(shown) => (
        <Stack gap="md" component="ul" p={0} m={0} style={{ listStyle: "none" }}>
          {shown.map((column) => (
            <Card key={column.name} column={column} names={names} />
          ))}
        </Stack>
      )}
    </Few>
  );
}

function Card({ column, names }: { column: Compared; names: [string, string] }) {
  const { before, after } = column;
  const drawn = before && after ? together(before, after) : null;
  return (
    <li className={classes.column}>
      <Group justify="space-between" align="baseline">
        <span className={classes.name}>{column.name}</span>
        <Moved column={column} />
      </Group>
      <Text size="sm" c="dimmed">
        {facts(column).join(" · ")}
      </Text>
      {drawn && (
        <Chart
          kind="histogram"
          label={`${column.name} in both versions`}
          bins={drawn.bins}
          height={170}
          series={[
            { name: names[0], shares: drawn.before, color: SERIES[1] ?? "gray" },
            { name: names[1], shares: drawn.after, color: SERIES[0] ?? "green" },
          ]}
        />
      )}
    </li>
  );
}

function Moved({ column }: { column: Compared }) {
  if (column.change === "added") return <Badge color="sky">only in the later one</Badge>;
  if (column.change === "removed") return <Badge color="quince">only in the earlier one</Badge>;
  const kinds = column.change === "retyped" ? <Badge color="quince">{`${column.type_before} → ${column.type_after}`}</Badge> : null;
  const moved = movedBy(column);
  const word = moved >= 0.25 ? "moved much" : moved >= 0.1 ? "moved a little" : "as before";
  return (
    <Group gap="xs">
      {kinds}
      {column.drift && (
        <Badge color={moved >= 0.25 ? "pomegranate" : moved >= 0.1 ? "quince" : "gray"} title={`index ${number(column.drift.score, 3)}, chance alone ${number(column.drift.noise, 3)}`}>
          {moved >= 0.1 ? `${word}: ${number(moved, 2)}` : word}
        </Badge>
      )}
    </Group>
  );
}

function facts({ before, after, missing_before, missing_after }: Compared): string[] {
  const pair = (what: string, one: string, other: string) => (one === other ? `${what} ${one}` : `${what} ${one} → ${other}`);
  const found = [];
  if (before?.kind === "numeric" && after?.kind === "numeric") found.push(pair("mean", number(before.mean), number(after.mean)));
  if (before && after && before.distinct !== null && after.distinct !== null) found.push(pair("different values", number(before.distinct), number(after.distinct)));
  if (missing_before > 0 || missing_after > 0) found.push(pair("missing", percent(missing_before, 1), percent(missing_after, 1)));
  return found;
}
