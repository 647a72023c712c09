/** The trace in words, stage by stage back to the idea: for reading, for printing, for screen readers. */
import { Anchor, Text } from "@mantine/core";
import { Link } from "react-router";

import type { Schema } from "~/api/types";
import { dateTime } from "~/ui/format";
import { pageOf } from "~/ui/links";
import { StateBadge } from "~/ui/small";

import { columnOf, COLUMNS, named, relationText, type Edge, type Node } from "./layout";
import classes from "./trace.module.css";

type Trace = Pick<Schema<"Trace">, "root" | "nodes" | "edges">;

export function TraceList({ trace }: { trace: Trace }) {
  const nodes = trace.nodes.map(named);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  return (
    <div className={classes.told}>
      {[...COLUMNS].reverse().map(({ key, title }) => {
        const own = nodes.filter((node) => columnOf(node) === key);
        return (
          own.length > 0 && (
            <section key={key} aria-label={title}>
              <h3>{title}</h3>
              <ul>
                {own.map((node) => (
                  <Told key={node.id} node={node} edges={trace.edges} byId={byId} />
                ))}
              </ul>
            </section>
          )
        );
      })}
    </div>
  );
}

function Told({ node, edges, byId }: { node: Node; edges: Edge[]; byId: Map<string, Node> }) {
  const page = pageOf(node.id);
  const said = edges.filter((edge) => edge.source === node.id);
  return (
    <li>
      <Text component="div">
        {`${node.kind} `}
        {page ? (
          <Anchor component={Link} to={page}>
            {node.title}
          </Anchor>
        ) : (
          <strong>{node.title}</strong>
        )}{" "}
        {node.state && <StateBadge state={node.state} />}
        {node.at && (
          <Text span size="sm" c="dimmed">
            {` ${dateTime(node.at)}`}
          </Text>
        )}
      </Text>
      {said.length > 0 && (
        <Text size="sm" component="div">
          {said.map((edge) => `${relationText(edge.relation)} ${byId.get(edge.target)?.kind ?? ""} ${byId.get(edge.target)?.title ?? edge.target}`).join("; ")}
        </Text>
      )}
      {node.facts.length > 0 && (
        <Text size="sm" c="dimmed" component="div">
          {node.facts.map((fact) => `${fact.label}: ${fact.value}`).join(" · ")}
        </Text>
      )}
    </li>
  );
}
