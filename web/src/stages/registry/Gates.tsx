/** What the gate said, with the numbers it rests on. */
import { Anchor, Group, Text } from "@mantine/core";
import { Link } from "react-router";

import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { StateBadge, TimeAgo } from "~/ui/small";

import { By, Reason, RecordLink } from "../names";
import classes from "./registry.module.css";

type Gate = Schema<"GateResult">;

export function Gates({ gates, withVersion = false }: { gates: Gate[]; withVersion?: boolean }) {
  return (
    <ol className={classes.gates}>
      {gates.map((gate) => (
        <li key={gate.id} className={classes.gate} data-passed={gate.passed}>
          <Group gap="xs">
            <StateBadge state={gate.passed ? "passed" : "refused"} />
            {withVersion && (
              <Anchor component={Link} to={`/registry/versions/${gate.version}`}>
                {`v${gate.number}`}
              </Anchor>
            )}
            <Text size="sm" c="dimmed" component="span">
              <By actor={gate.by} />, <TimeAgo at={gate.at} />
            </Text>
          </Group>
          <Text mt={4} component="div">
            <Reason text={gate.reason} />
          </Text>
          <Scores gate={gate} />
        </li>
      ))}
    </ol>
  );
}

function Scores({ gate }: { gate: Gate }) {
  const { candidate_score: own, champion_score: other } = gate;
  return (
    <Text size="sm" c="dimmed" component="div">
      <Group gap="sm">
        <span>{`${gate.metric}: ${score(own)}`}</span>
        {other && <span>{`champion ${score(other)}`}</span>}
        {gate.target !== null && <span>{`target ${number(gate.target)}`}</span>}
        {own.data_version && (
          <span>
            measured on <RecordLink id={own.data_version} />
          </span>
        )}
      </Group>
    </Text>
  );
}

function score(one: Schema<"Score">): string {
  const noise = one.low !== null && one.high !== null ? ` [${number(one.low)}, ${number(one.high)}]` : one.standard_error !== null ? ` ± ${number(one.standard_error, 2)}` : "";
  return `${one.value === null ? "not measured" : number(one.value)}${noise}${one.rows !== null ? ` on ${number(one.rows)} rows` : ""}`;
}
