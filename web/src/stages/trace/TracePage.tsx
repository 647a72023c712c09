import { Anchor, Button, Group, List, Stack, Text, TextInput } from "@mantine/core";
import { IconRoute } from "@tabler/icons-react";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { useGet } from "~/api/queries";
import { EmptyState } from "~/ui/notices";
import { Page, Section } from "~/ui/Page";
import { IdLink } from "~/ui/small";

import { TraceSection } from "./TraceSection";

/** The trace of any record: back to the idea behind it, forward to the money. */
export default function TracePage() {
  const id = recordOf(useParams()["*"] ?? "");
  return (
    <Page title="Trace" lead={id ? <>Everything behind <IdLink id={id} copy />, and what came of it.</> : "Everything behind a record, back to the idea, and what came of it, on to the money."}>
      <Search key={id} id={id} />
      {id ? <TraceSection id={id} inWords /> : <Newest />}
    </Page>
  );
}

/** An outcome's id names its prediction, which is what has a trace. */
export function recordOf(text: string): string {
  return text.trim().split("/")[0] ?? "";
}

function Search({ id }: { id: string }) {
  const navigate = useNavigate();
  const [text, setText] = useState(id);
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        void navigate(`/trace/${recordOf(text)}`);
      }}
    >
      <Group gap="xs" align="flex-end">
        <TextInput
          label="Id of a record"
          description="A prediction, run, version, release, incident, reaction, job …"
          placeholder="prd_…"
          w="min(26rem, 100%)"
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" leftSection={<IconRoute size={16} aria-hidden />} disabled={recordOf(text) === ""}>
          Trace it
        </Button>
      </Group>
    </form>
  );
}

/** Somewhere to begin: the newest predictions. */
function Newest() {
  const { data } = useGet("/api/v1/predictions", { query: { limit: 6 } });
  if (!data) return null;
  if (data.items.length === 0) {
    return (
      <EmptyState title="Nothing was predicted yet" recipe={{ cli: "pomona trace prd_…", sdk: `import pomona\n\npom = pomona.connect()\npom.trace(answer.prediction_id)` }}>
        Paste the id of any record above; predictions will be offered here.
      </EmptyState>
    );
  }
  return (
    <Section title="Or begin with one of the newest predictions">
      <Stack gap="xs">
        <List spacing={4} listStyleType="none">
          {data.items.map((one) => (
            <List.Item key={one.id}>
              <Anchor component={Link} to={`/trace/${one.id}`}>
                {one.key ?? one.id}
              </Anchor>{" "}
              <Text span size="sm" c="dimmed">
                {`${one.endpoint}, about ${one.unit}`}
              </Text>
            </List.Item>
          ))}
        </List>
      </Stack>
    </Section>
  );
}
