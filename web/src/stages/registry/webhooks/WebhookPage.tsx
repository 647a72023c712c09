import { Alert, Badge, Button, Code, Group, Menu } from "@mantine/core";
import { IconCheck, IconChevronDown, IconCircleX, IconPencil, IconPlayerPause, IconPlayerPlay, IconSend } from "@tabler/icons-react";
import { Link, useNavigate, useParams } from "react-router";

import { api } from "~/api/client";
import { useGet, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { duration } from "~/ui/format";
import { Confirm, EmptyState, ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Facts, Page, Section } from "~/ui/Page";
import { IdLink, None, TimeAgo } from "~/ui/small";
import { useUrlState } from "~/ui/state";
import { Table, type Column } from "~/ui/Table";

import { answerOf, Delivered, On } from "./deliveries";
import { DeliverySection } from "./DeliverySection";

type Webhook = Schema<"WebhookInfo">;
type Delivery = Schema<"Delivery">;
const CRUMBS = [{ title: "Models", to: "/registry" }, { title: "Webhooks", to: "/registry/webhooks" }];
const ASK_EVERY_MS = 3_000; // a delivery is no event

const COLUMNS: Column<Delivery>[] = [
  { id: "event", title: "Event", width: 220, cell: (row) => row.event },
  { id: "about", title: "About", width: 170, cell: (row) => (row.test ? "an example" : row.about || <None />) },
  { id: "state", title: "State", width: 138, cell: (row) => <Delivered delivery={row} /> },
  { id: "answer", title: "Answer", width: 220, grow: true, cell: (row) => <span title={answerOf(row)}>{answerOf(row)}</span> },
  { id: "took", title: "Took", width: 90, align: "right", by: (row) => row.tries.at(-1)?.seconds ?? null, cell: (row) => duration(row.tries.at(-1)?.seconds ?? 0) },
  { id: "tries", title: "Tries", width: 76, align: "right", by: (row) => row.tries.length, cell: (row) => row.tries.length },
  { id: "last", title: "Last try", width: 130, by: (row) => row.last_at, cell: (row) => <TimeAgo at={row.last_at} /> },
  { id: "at", title: "Happened", width: 130, hidden: true, by: (row) => row.at, cell: (row) => <TimeAgo at={row.at} /> },
];

/** A webhook: what it is told of, what it was told, and how that went. */
export default function WebhookPage() {
  const { ref = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/webhooks/{ref}", { path: { ref } }, { refetchInterval: ASK_EVERY_MS });
  if (!data) {
    return (
      <Page title="Webhook" crumbs={CRUMBS}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown webhook={data} />;
}

function Shown({ webhook }: { webhook: Webhook }) {
  const navigate = useNavigate();
  const ref = { params: { path: { ref: webhook.id } } };
  const told = useGet("/api/v1/webhooks/{ref}/deliveries", { path: { ref: webhook.id } }, { refetchInterval: ASK_EVERY_MS });
  const [view, setView] = useUrlState({ delivery: "", sort: "" });
  const test = useSend((event: string | null) => api.POST("/api/v1/webhooks/{ref}/tests", { ...ref, body: { event } }));
  const turn = useSend((status: Webhook["status"]) => api.PATCH("/api/v1/webhooks/{ref}", { ...ref, body: { status } }));
  const remove = useSend(() => api.DELETE("/api/v1/webhooks/{ref}", ref), { onDone: () => void navigate("/registry/webhooks") });
  const failed = [test, turn, remove].find((one) => one.isError)?.error;
  const active = webhook.status === "ACTIVE";
  const open = told.data?.find((one) => one.id === view.delivery);
  return (
    <Page
      title={webhook.name}
      crumbs={CRUMBS}
      badge={<On webhook={webhook} />}
      lead={webhook.description || undefined}
      actions={
        <>
          <Button component={Link} to={`/registry/webhooks/${webhook.id}/edit`} variant="default" leftSection={<IconPencil size={16} aria-hidden />}>
            Change
          </Button>
          <Button variant="default" leftSection={active ? <IconPlayerPause size={16} aria-hidden /> : <IconPlayerPlay size={16} aria-hidden />} loading={turn.isPending} onClick={() => turn.mutate(active ? "DISABLED" : "ACTIVE")}>
            {active ? "Pause" : "Resume"}
          </Button>
          <TestButton events={webhook.events} busy={test.isPending} onTest={(event) => test.mutate(event)} />
          <Confirm label="Forget it" title={`Forget ${webhook.name}?`} danger busy={remove.isPending} onConfirm={() => remove.mutate(undefined)}>
            Nothing more is told to it; its secret and its history go.
          </Confirm>
        </>
      }
    >
      {failed && <ErrorNotice error={failed} />}
      {test.data && !test.isPending && <Tested told={test.data as Delivery} />}
      <Section title="What it is told of">
        <Facts
          facts={[
            ["address", <Code key="url">{webhook.url}</Code>],
            ["events", <Group key="events" gap={4}>{webhook.events.map((event) => <Badge key={event} variant="default">{event}</Badge>)}</Group>],
            ["secret", webhook.signed ? "signs each delivery; nobody can read it here" : "none: what it is sent is not signed"],
            ["added", <TimeAgo key="at" at={webhook.created_at} />],
            ["id", <IdLink key="id" id={webhook.id} copy />],
          ]}
        />
      </Section>
      {open && <DeliverySection delivery={open} onClose={() => setView({ delivery: "" })} />}
      <Section title="What it was told" note="The newest 100. One that fails is tried up to ten times, over eight minutes.">
        {told.error && <ErrorNotice error={told.error} />}
        {told.isPending ? (
          <Loading />
        ) : (
          <Table
            id="deliveries"
            label="Deliveries"
            columns={COLUMNS}
            rows={told.data ?? []}
            rowId={(row) => row.id}
            href={(row) => `/registry/webhooks/${webhook.id}?delivery=${row.id}`}
            sort={view.sort}
            onSort={(sort) => setView({ sort })}
            maxHeight="26rem"
            empty={<EmptyState title="Nothing yet">Send a test to see whether it answers.</EmptyState>}
          />
        )}
      </Section>
      <Section title="The same from a terminal or a notebook">
        <Snippet cli={`pomona webhooks show ${webhook.name}\npomona webhooks test ${webhook.name}\npomona webhooks ${active ? "pause" : "resume"} ${webhook.name}`} sdk={`pom.webhooks.test("${webhook.name}").tries[-1]\n[(d.event, d.state) for d in pom.webhooks.deliveries("${webhook.name}")]`} />
      </Section>
    </Page>
  );
}

function TestButton({ events, busy, onTest }: { events: string[]; busy: boolean; onTest: (event: string | null) => void }) {
  return (
    <Button.Group>
      <Button leftSection={<IconSend size={16} aria-hidden />} loading={busy} onClick={() => onTest(null)}>
        Send a test
      </Button>
      {events.length > 1 && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button px={8} aria-label="Choose what the test is of" disabled={busy}>
              <IconChevronDown size={16} aria-hidden />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {events.map((event) => (
              <Menu.Item key={event} onClick={() => onTest(event)}>
                {event}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </Button.Group>
  );
}

function Tested({ told }: { told: Delivery }) {
  const good = told.state === "delivered";
  const last = told.tries.at(-1);
  return (
    <Alert color={good ? "leaf" : "pomegranate"} icon={good ? <IconCheck size={20} aria-hidden /> : <IconCircleX size={20} aria-hidden />} title={`The test of ${told.event}: ${good ? "it was taken" : "it was not taken"}`} role="status">
      {last?.error ?? `It answered ${last?.status} after ${duration(last?.seconds ?? 0)}.`}
    </Alert>
  );
}
