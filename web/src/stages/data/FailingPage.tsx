import { Button, Group, Text } from "@mantine/core";
import { useParams } from "react-router";

import { useGet } from "~/api/queries";
import { number } from "~/ui/format";
import { EmptyState, ErrorNotice, Loading, Snippet } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";
import { useUrlState } from "~/ui/state";

import { inWords } from "./checks";
import { Rows } from "./Rows";

const SIZE = 50;

/** All rows of a version that fail a check, page by page. */
export default function FailingPage() {
  const { ref = "" } = useParams();
  const [view, setView] = useUrlState({ check: "", from: "0" });
  const from = Number(view.from) || 0;
  const version = useGet("/api/v1/data-versions/{ref}", { path: { ref } });
  const { data, error, isPending, refetch } = useGet("/api/v1/data-versions/{ref}/failing/preview", {
    path: { ref },
    query: { check: view.check, offset: from, limit: SIZE },
  });
  const name = version.data ? `${version.data.dataset}@v${version.data.number}` : "Data version";
  const last = from + (data?.rows.length ?? 0);
  const columns = data ? (data.check.columns.length > 0 ? data.check.columns : data.check.column ? [data.check.column] : []) : [];
  return (
    <Page
      title="Failing rows"
      crumbs={[
        { title: "Datasets", to: "/data" },
        { title: name, to: `/data/versions/${ref}?tab=checks` },
      ]}
      lead={data ? `Not true in these rows: ${inWords(data.check)}` : undefined}
    >
      {error && <ErrorNotice error={error} retry={() => void refetch()} />}
      {isPending && <Loading lines={8} />}
      {data && data.rows.length === 0 && <EmptyState title="No row fails this check" />}
      {data && data.rows.length > 0 && (
        <Section
          title={`Rows ${number(from + 1)} to ${number(last)} of ${number(data.failing)}`}
          actions={
            <Group gap="xs">
              <Button size="xs" variant="default" disabled={from === 0} onClick={() => setView({ from: String(Math.max(0, from - SIZE)) })}>
                Before
              </Button>
              <Button size="xs" variant="default" disabled={last >= data.failing} onClick={() => setView({ from: String(from + SIZE) })}>
                After
              </Button>
            </Group>
          }
        >
          <Rows rows={data.rows as Record<string, unknown>[]} label="Failing rows" mark={columns} />
        </Section>
      )}
      {data && (
        <Section title="All of them elsewhere">
          <Text c="dimmed" size="sm" mb="xs">
            Up to 100,000 at once.
          </Text>
          <Snippet sdk={`pom.data.version("${name}").failing("${view.check}")  # an Arrow table`} cli={`pomona data checks failing ${name} "${view.check}" --to failing.csv`} />
        </Section>
      )}
    </Page>
  );
}
