/** What a page shows while it waits, when there is nothing, and when something failed. */
import { Alert, Button, Code, Group, Modal, SegmentedControl, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconLock, IconPlugConnectedX } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";

import { problemOf } from "~/api/problem";

import classes from "./notices.module.css";
import { CopyButton } from "./small";

/** Grey lines where text will be. Its shape is that of a list unless `lines` says otherwise. */
export function Loading({ lines = 5 }: { lines?: number }) {
  return (
    <Stack gap="sm" role="status" aria-label="Loading" py="sm">
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={14} width={`${[92, 76, 84, 61, 70][line % 5]}%`} radius="sm" />
      ))}
    </Stack>
  );
}

/** One or two ways to do something without this page: CLI and SDK. */
export interface Recipe {
  cli?: string;
  sdk?: string;
}

/** Lines to copy into a terminal or a notebook. */
export function Snippet({ cli, sdk }: Recipe) {
  const texts = { Terminal: cli, Python: sdk };
  const [chosen, choose] = useState(cli === undefined ? "Python" : "Terminal");
  const text = texts[chosen as keyof typeof texts] ?? "";
  return (
    <div className={classes.snippet}>
      {cli !== undefined && sdk !== undefined && (
        <SegmentedControl size="xs" value={chosen} onChange={choose} data={Object.keys(texts)} aria-label="Language of the example" />
      )}
      <div className={classes.lines}>
        <pre tabIndex={0} aria-label={`${chosen} example`} role="region">
          {text}
        </pre>
        <CopyButton value={text} what="these lines" />
      </div>
    </div>
  );
}

/** Nothing yet, and the lines that change it. */
export function EmptyState({ title, children, recipe }: { title: string; children?: ReactNode; recipe?: Recipe }) {
  return (
    <div className={classes.empty}>
      <Bud />
      <Title order={3}>{title}</Title>
      {children && (
        <Text c="dimmed" maw="34rem" ta="center">
          {children}
        </Text>
      )}
      {recipe && <Snippet {...recipe} />}
    </div>
  );
}

/** A leaf bud: something will grow here. */
function Bud() {
  return (
    <svg viewBox="0 0 64 64" width="64" height="64" aria-hidden className={classes.bud}>
      <path d="M32 60V30" className={classes.stem} />
      <path d="M32 40C22 40 14 34 13 23c11-1 18 6 19 17Z" className={classes.left} />
      <path d="M32 32c0-11 7-19 19-20 1 12-6 20-19 20Z" className={classes.right} />
    </svg>
  );
}

/** What went wrong, what to do about it, and a way to try again. Give it anything that was thrown. */
export function ErrorNotice({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = problemOf(error);
  const unreachable = problem.status === 0 && problem.code === "unreachable";
  const locked = problem.status === 401;
  const Sign = unreachable ? IconPlugConnectedX : locked ? IconLock : IconAlertTriangle;
  const traceback = problem.extra?.traceback;
  return (
    <Alert
      color={problem.status >= 500 || unreachable ? "pomegranate" : "quince"}
      icon={<Sign size={20} aria-hidden />}
      title={locked ? "Please log in" : problem.detail}
      role="alert"
      classNames={{ title: classes.errorTitle }}
    >
      <Stack gap="xs" align="flex-start">
        {locked ? (
          <Text size="sm">
            Open the login link that <Code>pomona up</Code> printed, or make a new one with <Code>pomona login</Code>.
          </Text>
        ) : (
          problem.hint && <Text size="sm">{problem.hint}</Text>
        )}
        {typeof traceback === "string" && (
          <pre className={classes.traceback} tabIndex={0} role="region" aria-label="Traceback">
            {traceback}
          </pre>
        )}
        {retry && (
          <Button size="xs" variant="default" onClick={retry}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

/**
 * A button that asks before it acts. `children` is the question's text: say what will happen.
 *
 *     <Confirm label="Promote" title="Promote version 4?" onConfirm={() => promote.mutate({})} busy={promote.isPending}>
 *       All traffic of late-flights goes to version 4 within a second.
 *     </Confirm>
 */
export function Confirm(props: {
  label: string;
  title: string;
  children: ReactNode;
  onConfirm: () => void;
  danger?: boolean;
  busy?: boolean;
  icon?: ReactNode;
}) {
  const [asking, ask] = useState(false);
  const color = props.danger ? "pomegranate" : "leaf";
  return (
    <>
      <Button variant="light" color={color} onClick={() => ask(true)} loading={props.busy ?? false} leftSection={props.icon}>
        {props.label}
      </Button>
      <Modal opened={asking} onClose={() => ask(false)} title={<Text fw={600}>{props.title}</Text>}>
        <Stack>
          <div>{props.children}</div>
          <Group justify="flex-end">
            <Button variant="default" onClick={() => ask(false)}>
              Not now
            </Button>
            <Button
              color={color}
              data-autofocus
              onClick={() => {
                ask(false);
                props.onConfirm();
              }}
            >
              {props.label}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
