/** What the gateway serves at this moment, and what troubles it. */
import { Alert, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";

import { useGet } from "~/api/queries";
import { bytes, number, percent } from "~/ui/format";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Facts, Section } from "~/ui/Page";
import { CopyButton, StateBadge } from "~/ui/small";

import { RecordLink } from "../names";
import { EndpointLink } from "../releases/EndpointLink";
import { reportOf, type GatewayReport } from "./report";
import classes from "./serving.module.css";

const ASK_EVERY_MS = 5_000; // its counters move without an event

export function Gateway() {
  const { data, error, isPending, refetch } = useGet("/api/v1/gateway", {}, { refetchInterval: ASK_EVERY_MS });
  const report = data?.status ? reportOf(data.status) : undefined;
  const troubled = report && (Object.keys(report.problems).length > 0 || report.journal.error !== null);
  const state = data?.problem ? "offline" : report?.control_plane === "ok" && !troubled ? "live" : "attention";
  return (
    <Section
      title="The gateway now"
      note={data?.url ? <>answers at <code>{data.url}</code> <CopyButton value={data.url} what="address" /></> : undefined}
      actions={data ? <StateBadge state={state} /> : undefined}
    >
      {isPending && <Loading lines={3} />}
      {error && <ErrorNotice error={error} retry={() => void refetch()} />}
      {data?.problem && <Trouble title={data.problem} />}
      {report && <Report report={report} />}
    </Section>
  );
}

function Report({ report }: { report: GatewayReport }) {
  const rows = report.models.flatMap((model) => Object.values(model.batchers)).reduce((sum, batcher) => sum + batcher.rows, 0);
  return (
    <Stack>
      {Object.entries(report.problems).map(([what, text]) => (
        <Trouble key={what} title={what} text={text} />
      ))}
      {report.journal.error && <Trouble title="The journal cannot be written" text={report.journal.error} />}
      {report.control_plane !== "ok" && <Trouble title="It cannot reach the server" text="It goes on answering with what it served last." />}
      {report.endpoints.length === 0 ? (
        <Text c="dimmed">It serves nothing: no release is running.</Text>
      ) : (
        <ul className={classes.routes}>
          {report.endpoints.map((route) => (
            <li key={route.name}>
              <Text fw={600} component="span">
                <EndpointLink name={route.name} />
              </Text>
              <Group gap="md">
                {route.arms.map((arm) => (
                  <span key={arm.name}>
                    <StateBadge state={arm.name} /> <RecordLink id={arm.model_version} />{" "}
                    <Text span size="sm" c="dimmed">
                      {percent(arm.share, 0)}
                    </Text>
                  </span>
                ))}
              </Group>
            </li>
          ))}
        </ul>
      )}
      <Facts
        facts={[
          ["answered since it started", `${number(rows)} rows`],
          ["journal", `${number(report.journal.frames)} answers, ${bytes(report.journal.bytes_written)}`],
          ["loaded versions", report.models.map((model) => `v${model.number}`).join(", ") || "none"],
          ["last batch took", slowest(report)],
        ]}
      />
    </Stack>
  );
}

function slowest(report: GatewayReport): string | null {
  const times = report.models.flatMap((model) => Object.values(model.batchers).map((batcher) => batcher.predict_ms));
  return times.length > 0 ? `${number(Math.max(...times), 3)} ms at most` : null;
}

function Trouble({ title, text }: { title: string; text?: string }) {
  return (
    <Alert color="quince" icon={<IconAlertTriangle size={20} aria-hidden />} title={title}>
      {text}
    </Alert>
  );
}
