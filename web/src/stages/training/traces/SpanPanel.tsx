/** What the chosen span held: inputs, outputs, attributes, what happened within it. */
import { Badge, Group, Stack, Text } from "@mantine/core";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { JsonTree } from "~/ui/JsonTree";
import { ErrorNotice, Loading } from "~/ui/notices";
import { CopyButton, StateBadge } from "~/ui/small";

import { Held } from "./Held";
import { kindOfSpan } from "./kinds";
import classes from "./traces.module.css";
import { span as time } from "./tree";

type Detail = Schema<"SpanDetail">;

export function SpanPanel({ trace, span }: { trace: string; span: string }) {
  const { data, error } = useGet("/api/v1/traces/{trace_id}/spans/{span_id}", { path: { trace_id: trace, span_id: span } });
  return (
    <aside className={classes.panel} aria-label="The chosen span" tabIndex={0}>
      {data ? <Shown detail={data} /> : error ? <ErrorNotice error={error} /> : <Loading lines={6} />}
    </aside>
  );
}

function Shown({ detail }: { detail: Detail }) {
  const { span } = detail;
  const { icon: Sign, color, name } = kindOfSpan(span.kind);
  const exceptions = detail.events.filter((event) => event.name === "exception");
  const others = detail.events.filter((event) => event.name !== "exception");
  const more = Object.keys(detail.attributes).length > 0;
  return (
    <>
      <div className={classes.panelHead}>
        <Sign size={20} stroke={1.7} className={classes.sign} data-color={color} aria-hidden />
        <Text component="h3" fw={600} size="lg" style={{ flex: 1 }}>
          {span.name}
        </Text>
        {span.status === "ERROR" && <StateBadge state="failed" />}
      </div>
      <Group gap={6} mt={4} mb="xs">
        <Badge variant="default">{name}</Badge>
        {span.model && <Badge variant="default">{span.model}</Badge>}
        <Text size="sm" c="dimmed">
          {[
            span.duration_ms === null ? "still running" : `took ${time(span.duration_ms)}`,
            `${time(span.start_ms)} after the start`,
            span.tokens && `${number(span.tokens.total)} tokens (${number(span.tokens.input)} read, ${number(span.tokens.output)} written)`,
          ]
            .filter(Boolean)
            .join(", ")}
        </Text>
      </Group>
      <Stack gap={0}>
        {exceptions.length > 0 ? exceptions.map((event, place) => <Exception key={place} event={event} />) : span.error && <pre className={classes.error}>{span.error}</pre>}
        <Held key={`in-${span.span_id}`} title="Inputs" value={detail.inputs} />
        <Held key={`out-${span.span_id}`} title="Outputs" value={detail.outputs} />
        {more && <Tree title="Attributes" value={detail.attributes} />}
        {others.length > 0 && <Tree title="Events" value={Object.fromEntries(others.map((event, place) => [`${place + 1}. ${event.name} at ${time(event.at_ms)}`, event.attributes]))} />}
        {detail.links.length > 0 && <Tree title="Links" value={detail.links} />}
        {detail.inputs === null && detail.outputs === null && !more && (
          <Text size="sm" c="dimmed" mt="sm">
            It held nothing else.
          </Text>
        )}
        <Group gap={2} mt="sm">
          <Text size="xs" c="dimmed">{`span ${span.span_id}`}</Text>
          <CopyButton value={span.span_id} what="id of the span" />
        </Group>
      </Stack>
    </>
  );
}

function Tree({ title, value }: { title: string; value: unknown }) {
  return (
    <>
      <Text fw={600} size="sm" mt="sm" mb={4}>
        {title}
      </Text>
      <JsonTree value={value} label={title} />
    </>
  );
}

function Exception({ event }: { event: Detail["events"][number] }) {
  const said = (key: string) => (event.attributes[`exception.${key}`] === undefined ? "" : String(event.attributes[`exception.${key}`]));
  const head = [said("type"), said("message")].filter(Boolean).join(": ");
  const stack = said("stacktrace");
  return (
    <>
      <Text fw={600} size="sm" className={classes.exception}>
        {head || "exception"}
      </Text>
      {stack !== "" && (
        <pre className={classes.error} tabIndex={0} role="region" aria-label="Traceback">
          {stack.trim()}
        </pre>
      )}
    </>
  );
}
