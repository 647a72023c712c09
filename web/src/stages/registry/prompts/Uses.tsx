/** Which runs, traces and logged models used a version, as their clients said. */
import { Anchor, SimpleGrid, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { number } from "~/ui/format";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Section } from "~/ui/Page";
import { TimeAgo } from "~/ui/small";

import classes from "./prompts.module.css";

type User = Schema<"PromptUser">;
const SHOWN = 6;

export function Uses({ version }: { version: Schema<"PromptText"> }) {
  const { data, error, isPending } = useGet("/api/v1/prompts/{ref}/versions/{version}/uses", { path: { ref: version.prompt_id, version: String(version.number) } });
  return (
    <Section title="Used by" note="Runs and traces that loaded this version while they were going on, and models that were logged with it.">
      {error && <ErrorNotice error={error} />}
      {isPending && <Loading lines={2} />}
      {data && data.run_count + data.trace_count + data.model_count === 0 && <Text c="dimmed">Nothing yet, as far as is known here.</Text>}
      {data && (
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <Users title="run" users={data.runs} count={data.run_count} to={(one) => `/training/runs/${one.id}`} />
          <Users title="trace" users={data.traces} count={data.trace_count} to={(one) => `/training/traces/${encodeURIComponent(one.id)}`} />
          <Users title="logged model" users={data.models} count={data.model_count} to={(one) => (one.run ? `/training/runs/${one.run}` : undefined)} />
        </SimpleGrid>
      )}
    </Section>
  );
}

function Users({ title, users, count, to }: { title: string; users: User[]; count: number; to: (user: User) => string | undefined }): ReactNode {
  if (count === 0) return null;
  return (
    <div>
      <Text size="sm" c="dimmed">{`${number(count)} ${title}${count === 1 ? "" : "s"}`}</Text>
      <ul className={classes.uses}>
        {users.slice(0, SHOWN).map((one) => {
          const page = to(one);
          const name = one.name || one.id.slice(0, 12);
          return (
            <li key={one.id}>
              {page ? <Anchor component={Link} to={page} title={name} size="sm">{name}</Anchor> : <span title={one.id}>{name}</span>}
              <Text span size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
                <TimeAgo at={one.at} plain />
              </Text>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
