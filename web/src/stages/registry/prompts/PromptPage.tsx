import { Alert, Button, SegmentedControl, Select, Stack, Text } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { Link, useNavigate, useParams } from "react-router";

import { api } from "~/api/client";
import { useGet, usePages, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { Confirm, EmptyState, ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Facts, Page, Section } from "~/ui/Page";
import { IdLink, TimeAgo } from "~/ui/small";
import { useUrlState } from "~/ui/state";

import { Aliases } from "../Aliases";
import { By, RecordLink } from "../../names";
import { AliasSection } from "./AliasSection";
import { Changes } from "./Changes";
import classes from "./prompts.module.css";
import { loading, START } from "./recipes";
import { Tags } from "./Tags";
import { Template, Variables } from "./Template";
import { Uses } from "./Uses";

type Prompt = Schema<"Prompt">;
type Version = Schema<"PromptText">;
const CRUMBS = [{ title: "Models", to: "/registry" }, { title: "Prompts", to: "/registry/prompts" }];
const DEFAULTS = { version: "", view: "", before: "" };

/** A prompt: its versions, the text of one of them, what changed, what it goes by, what used it. */
export default function PromptPage() {
  const { ref = "" } = useParams();
  const { data, error, isPending, refetch } = useGet("/api/v1/prompts/{ref}", { path: { ref } });
  if (!data) {
    return (
      <Page title="Prompt" crumbs={CRUMBS}>
        {isPending ? <Loading lines={8} /> : <ErrorNotice error={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return <Shown prompt={data} />;
}

function Shown({ prompt }: { prompt: Prompt }) {
  const navigate = useNavigate();
  const [view, setView] = useUrlState(DEFAULTS);
  const versions = usePages("/api/v1/prompts/{ref}/versions", { path: { ref: prompt.id }, query: { limit: 50 } });
  const chosen = Number(view.version) || prompt.latest || 0;
  const listed = versions.rows.find((one) => one.number === chosen);
  const asked = useGet("/api/v1/prompts/{ref}/versions/{version}", { path: { ref: prompt.id, version: String(chosen) } }, { enabled: chosen > 0 && !listed && !versions.isPending });
  const shown = listed ?? (asked.data?.number === chosen ? asked.data : undefined);
  const remove = useSend(() => api.DELETE("/api/v1/prompts/{name}", { params: { path: { name: prompt.name } } }), { onDone: () => void navigate("/registry/prompts") });
  return (
    <Page
      title={prompt.name}
      crumbs={CRUMBS}
      badge={Object.keys(prompt.aliases).length > 0 && <Aliases names={Object.entries(prompt.aliases).map(([alias, number]) => `${alias} → v${number}`)} />}
      lead={prompt.description || undefined}
      actions={
        <>
          <Button component={Link} to={`/registry/prompts/new?from=${prompt.id}${chosen ? `&version=${chosen}` : ""}`} leftSection={<IconPencil size={16} aria-hidden />}>
            Write the next version
          </Button>
          <Confirm label="Delete" title={`Delete ${prompt.name}?`} danger busy={remove.isPending} onConfirm={() => remove.mutate(undefined)}>
            All its versions go, too. Programs that load it will fail.
          </Confirm>
        </>
      }
    >
      {remove.isError && <ErrorNotice error={remove.error} />}
      {versions.error && <ErrorNotice error={versions.error} />}
      {prompt.latest === null ? (
        <EmptyState title="No version yet" recipe={START} />
      ) : (
        <div className={classes.layout}>
          <Stack gap="lg">
            <History versions={versions} chosen={chosen} view={view} />
            <AliasSection prompt={prompt} shown={chosen} />
            <Section title="Tags of the prompt">
              <Tags name={prompt.name} tags={prompt.tags} />
            </Section>
          </Stack>
          <Stack gap="lg">
            {asked.error && !shown && <ErrorNotice error={asked.error} />}
            {!shown && !asked.error && <Loading lines={8} />}
            {shown && <VersionShown version={shown} newest={prompt.latest} view={view} setView={setView} />}
          </Stack>
        </div>
      )}
    </Page>
  );
}

function linkTo(number: number, view: typeof DEFAULTS): string {
  const params = new URLSearchParams({ version: String(number), ...(view.view && { view: view.view }) });
  return `?${params}`;
}

function History({ versions, chosen, view }: { versions: ReturnType<typeof usePages<"/api/v1/prompts/{ref}/versions">>; chosen: number; view: typeof DEFAULTS }) {
  return (
    <Section title="Versions">
      {versions.isPending && <Loading />}
      <ol className={classes.versions} reversed tabIndex={0} aria-label="Versions">
        {versions.rows.map((one) => (
          <li key={one.id}>
            <Link to={linkTo(one.number, view)} replace preventScrollReset aria-current={one.number === chosen ? "true" : undefined}>
              <div className={classes.line}>
                <Text fw={600} span>{`v${one.number}`}</Text>
                {one.aliases.length > 0 && <Aliases names={one.aliases} />}
              </div>
              <div className={classes.message} title={one.message}>
                {one.message || <Text span c="dimmed" size="sm">no message</Text>}
              </div>
              <div className={classes.when}>
                {one.created_by && `${one.created_by}, `}
                <TimeAgo at={one.created_at} plain />
              </div>
            </Link>
          </li>
        ))}
      </ol>
      {versions.hasMore && (
        <Button mt="xs" size="xs" variant="default" loading={versions.isLoadingMore} onClick={versions.loadMore}>
          Older ones
        </Button>
      )}
    </Section>
  );
}

function VersionShown({ version, newest, view, setView }: { version: Version; newest: number; view: typeof DEFAULTS; setView: (changes: Partial<typeof DEFAULTS>) => void }) {
  const others = Array.from({ length: newest }, (_, place) => newest - place).filter((number) => number !== version.number);
  const before = Number(view.before) || (version.number > 1 ? version.number - 1 : (others.at(-1) ?? 0));
  const diff = view.view === "diff" && before > 0;
  return (
    <>
      <Section
        title={`Version ${version.number}`}
        note={version.message || undefined}
        actions={
          others.length > 0 && (
            <>
              {diff && (
                <Select
                  size="xs"
                  w={110}
                  aria-label="Compared with"
                  searchable
                  allowDeselect={false}
                  data={others.map((number) => ({ value: String(number), label: `with v${number}` }))}
                  value={String(before)}
                  onChange={(number) => number && setView({ before: number })}
                />
              )}
              <SegmentedControl size="xs" aria-label="What is shown" value={diff ? "diff" : ""} onChange={(next) => setView({ view: next })} data={[{ value: "", label: "Text" }, { value: "diff", label: "Changes" }]} />
            </>
          )
        }
      >
        <Stack gap="md">
          {version.jinja && (
            <Alert color="gray" title="It has statements of Jinja.">
              MLflow's client fills it in; its places are not all known here.
            </Alert>
          )}
          {diff ? <Changes prompt={version.prompt_id} before={before} after={version.number} /> : <Template shown={version} />}
          <Facts
            facts={[
              ["fills in", <Variables key="variables" names={version.variables} />],
              ["written", <span key="at">{version.created_by && <><By actor={version.created_by} />, </>}<TimeAgo at={version.created_at} /></span>],
              ["run", version.run_id ? <RecordLink key="run" id={version.run_id} /> : null],
              ["id", <IdLink key="id" id={version.id} copy />],
            ]}
          />
          <Settings version={version} />
          <Tags name={version.prompt} number={version.number} tags={version.tags} />
        </Stack>
      </Section>
      <Section title="Use it">
        <Snippet {...loading(version)} />
      </Section>
      <Uses version={version} />
    </>
  );
}

function Settings({ version }: { version: Version }) {
  const parts = [["Meant for", version.model_settings], ["Answers as", version.response_format]].filter(([, value]) => value !== null);
  return parts.map(([title, value]) => (
    <div key={String(title)}>
      <Text size="sm" c="dimmed" mb={4}>{String(title)}</Text>
      <pre className={classes.settings} tabIndex={0} role="region" aria-label={String(title)}>{JSON.stringify(value, null, 2)}</pre>
    </div>
  ));
}

