/** A reaction in a few lines, for the pages of what it reacted to. */
import { Anchor, Group, Text } from "@mantine/core";
import { Link } from "react-router";

import { useGet } from "~/api/queries";
import { ErrorNotice, Loading } from "~/ui/notices";
import { IdLink, TimeAgo } from "~/ui/small";

import { Reason } from "../names";
import { Decided, Result } from "./Decided";
import classes from "./loop.module.css";

export function ReactionCard({ id }: { id: string }) {
  const { data, error } = useGet("/api/v1/reactions/{reaction_id}", { path: { reaction_id: id } });
  if (error) return <ErrorNotice error={error} />;
  if (!data) return <Loading lines={2} />;
  return (
    <article className={classes.reaction} data-fired={data.fired}>
      <Group gap="xs">
        <Anchor component={Link} to={`/loop/reactions/${id}`} fw={600}>
          {data.trigger}
        </Anchor>
        <Decided reaction={data} />
        {data.fired && <Result reaction={data} />}
        {data.job && <IdLink id={data.job} label="its job" />}
        <Text span size="sm" c="dimmed">
          <TimeAgo at={data.at} />
        </Text>
      </Group>
      <Text size="sm" mt={4}>
        <Reason text={data.reason} />
      </Text>
      {data.outcome_reason && (
        <Text size="sm" c="dimmed">
          <Reason text={data.outcome_reason} />
        </Text>
      )}
    </article>
  );
}
