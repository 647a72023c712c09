/** From the data to the decisions: what a version was made of, what it does now, and who it answered. */
import { Anchor, Card, Text } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { Fragment, type ReactNode } from "react";
import { Link } from "react-router";

import type { Schema } from "~/api/types";
import { None } from "~/ui/small";

import { RecordLink } from "../names";
import { Named, sentences } from "../ties";
import classes from "./registry.module.css";

/** The hypothesis and the data on the left, the predictions on the right. */
export function Lineage({ detail: { version, links } }: { detail: Schema<"VersionDetail"> }) {
  const said = sentences(version.id, links);
  const serves = [...(said.get("served by") ?? []), ...(said.get("tried by") ?? [])];
  const steps: [string, ReactNode][] = [
    ["Idea", version.hypothesis ? <RecordLink id={version.hypothesis} /> : <None why="tests no hypothesis" />],
    ["Data", version.data_version ? <RecordLink id={version.data_version} /> : <None why="unversioned data" />],
    ["Run", version.run_id ? <RecordLink id={version.run_id} /> : <None why={version.outside ? "made elsewhere" : "no run"} />],
    ["This version", <strong key="own">{`v${version.number}`}</strong>],
    ["Releases", serves.length > 0 ? <Named ids={serves} /> : <None why="serves nowhere yet" />],
    ["Decisions", serves.length > 0 ? <Anchor key="predictions" component={Link} to={`/serving/predictions?version=${version.id}`}>its predictions</Anchor> : <None why="answered nobody yet" />],
  ];
  return (
    <ol className={classes.lineage} aria-label="Lineage">
      {steps.map(([title, value], place) => (
        <Fragment key={title}>
          {place > 0 && <li aria-hidden className={classes.arrow}><IconArrowRight size={18} /></li>}
          <li>
            <Card withBorder padding="sm" data-own={title === "This version" || undefined} className={classes.step}>
              <Text size="xs" c="dimmed">{title}</Text>
              <div>{value}</div>
            </Card>
          </li>
        </Fragment>
      ))}
    </ol>
  );
}
