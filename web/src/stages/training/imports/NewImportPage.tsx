import { Button, Group, SimpleGrid, Stack, Switch, Text, TextInput } from "@mantine/core";
import { IconEye, IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";

import { api } from "~/api/client";
import { fieldErrors } from "~/api/problem";
import { useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";
import { useUrlState } from "~/ui/state";

import { Found } from "./Found";
import { chosenFrom, commandOf } from "./words";

const DEFAULTS = { origin: "", credentials: "", artifacts: "", trust: "", files: "copy", only: "" };
type Asked = typeof DEFAULTS;
const WITH_PASSWORD = /\/\/[^/@]*:[^/@]*@/; // it would stand in the address of this page
const EXAMPLES = ["sqlite:///mlflow.db", "./mlruns", "https://mlflow.example", "postgresql://reader@db.example/mlflow", "mysql://reader@db.example/mlflow"];

/** Says from where, shows what would come, and begins. What was asked for stands in the address of the page. */
export default function NewImportPage() {
  const [view, setView] = useUrlState(DEFAULTS);
  const [typed, type] = useState(view);
  const [open, warn] = useState(false);
  const [chosen, setChosen] = useState(() => chosenFrom(view.only)); // null: all; a tick shows before the address has changed
  const choose = (next: Set<string> | null) => {
    setChosen(next);
    setView({ only: next === null ? "" : JSON.stringify([...next]) });
  };
  const navigate = useNavigate();
  const look = useQuery({
    queryKey: ["import preview", view.origin, view.credentials],
    queryFn: async () => (await api.POST("/api/v1/import-previews", { body: requestOf(view, []) })).data,
    enabled: view.origin !== "",
    staleTime: Infinity,
    meta: { immutable: true },
    retry: false,
  });
  const names = chosen === null ? [] : [...chosen];
  const start = useSend(() => api.POST("/api/v1/imports", { body: requestOf(typed, names) }), { onDone: (made) => void navigate(`/training/imports/${made.id}`) });
  const failed = start.isError ? start.error : look.error;
  const wrong = failed ? fieldErrors(failed) : {};
  const same = typed.origin.trim() === view.origin && typed.credentials.trim() === view.credentials;
  const field = (name: keyof Asked) => ({ value: typed[name], error: wrong[name], onChange: (event: React.ChangeEvent<HTMLInputElement>) => type({ ...typed, [name]: event.currentTarget.value }) });
  return (
    <Page title="Take over from MLflow" crumbs={[{ title: "Training", to: "/training" }, { title: "Import", to: "/training/imports" }]} lead="Nothing is written there. Ids of runs and logged models stay, so that links and scripts go on working.">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          warn(WITH_PASSWORD.test(typed.origin));
          if (WITH_PASSWORD.test(typed.origin)) return;
          setChosen(null);
          if (same) void look.refetch();
          else setView({ ...typed, origin: typed.origin.trim(), credentials: typed.credentials.trim(), only: "" });
        }}
      >
        <Section title="From where">
          <Stack>
            <TextInput label="Origin" description="A database, a server, or a folder that this server can read; without a password" placeholder={EXAMPLES[0]} required data-autofocus {...field("origin")} error={open ? "Without the password: say below where it is kept" : wrong.origin} />
            <Group gap={6}>
              <Text size="sm" c="dimmed">e.g.</Text>
              {EXAMPLES.map((example) => (
                <Button key={example} size="compact-xs" variant="default" onClick={() => type({ ...typed, origin: example })}>
                  {example}
                </Button>
              ))}
            </Group>
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              <TextInput label="Credentials" description="Where the password or token is kept: env:NAME or file:/path" placeholder="env:MLFLOW_PASSWORD" {...field("credentials")} />
              <TextInput label="Folder of the artifacts" description="If their addresses lead nowhere from here" placeholder="/srv/mlartifacts" {...field("artifacts")} />
            </SimpleGrid>
            <TextInput label="Registered models with pickles may come in, because" description="Empty: they stay out, and the report says which. The ledger keeps the reason." placeholder="our own, all reviewed by team fruit" {...field("trust")} />
            <Switch label="Files come along" checked={typed.files === "copy"} onChange={(event) => type({ ...typed, files: event.currentTarget.checked ? "copy" : "leave" })} />
            <Group>
              <Button type="submit" variant={look.data && same ? "default" : "filled"} leftSection={<IconEye size={16} aria-hidden />} loading={look.isFetching} disabled={typed.origin.trim() === ""}>
                See what would come
              </Button>
            </Group>
          </Stack>
        </Section>
      </form>
      {failed && <ErrorNotice error={failed} />}
      {look.isFetching && <Loading lines={6} />}
      {look.data && same && !look.isFetching && (
        <Found
          found={look.data as Schema<"ImportPreview">}
          chosen={chosen}
          choose={choose}
          actions={
            <Button leftSection={<IconDownload size={16} aria-hidden />} loading={start.isPending} disabled={chosen?.size === 0} onClick={() => start.mutate(undefined)}>
              {chosen === null ? "Take everything over" : `Take ${chosen.size === 1 ? "this experiment" : `these ${chosen.size} experiments`} over`}
            </Button>
          }
        />
      )}
      <Section title="The same from a terminal">
        <Snippet cli={commandOf({ ...typed, origin: typed.origin.trim(), files: typed.files === "copy" ? "copy" : "leave", experiments: names })} />
      </Section>
    </Page>
  );
}

function requestOf(asked: Asked, experiments: string[]) {
  return {
    origin: asked.origin.trim(),
    credentials: asked.credentials.trim() || null,
    artifacts: asked.artifacts.trim() || null,
    trust: asked.trust.trim() || null,
    files: asked.files === "copy" ? ("copy" as const) : ("leave" as const),
    experiments,
  };
}
