/** The releases of an endpoint, newest first, as a line of succession. */
import { Anchor, Group, Text } from "@mantine/core";
import { Link } from "react-router";

import type { Schema } from "~/api/types";
import { percent } from "~/ui/format";
import { StateBadge, TimeAgo } from "~/ui/small";

import { By, Reason, RecordLink } from "../names";
import classes from "./releases.module.css";

export function Timeline({ releases }: { releases: Schema<"Release">[] }) {
  return (
    <ol className={classes.timeline}>
      {releases.map((release) => (
        <li key={release.id} className={classes.moment} data-state={release.state}>
          <Group gap="xs">
            <Anchor component={Link} to={`/releases/${release.id}`} fw={600}>
              {release.strategy === "canary" ? "Canary" : "Champion"}
            </Anchor>
            <RecordLink id={release.candidate ?? release.champion} />
            {release.candidate && (
              <Text span size="sm" c="dimmed">
                {`on ${percent(release.share, 0)}, against `}
                <RecordLink id={release.champion} />
              </Text>
            )}
            <StateBadge state={release.state} />
            <Text span size="sm" c="dimmed">
              <By actor={release.started_by} />{", "}
              <TimeAgo at={release.started_at} />
            </Text>
          </Group>
          <Text size="sm" mt={2}>
            <Reason text={release.reason} />
          </Text>
          {release.verdict && (
            <Text size="sm" c="dimmed">
              {`Last verdict: ${release.verdict.reason}`}
            </Text>
          )}
        </li>
      ))}
    </ol>
  );
}
