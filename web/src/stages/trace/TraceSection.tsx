/** A trace inside a page: the picture, how much of it, and the same in words. */
import { Anchor, SegmentedControl, Stack, Text } from "@mantine/core";
import { Link } from "react-router";

import { useGet } from "~/api/queries";
import { ErrorNotice, Loading } from "~/ui/notices";
import { Section } from "~/ui/Page";
import { useUrlState } from "~/ui/state";

import { ownLine } from "./layout";
import { Picture } from "./Picture";
import { TraceList } from "./TraceList";

export function TraceSection({ id, inWords = false }: { id: string; inWords?: boolean }) {
  const [view, setView] = useUrlState({ trace: "" });
  const { data, error, isPending, refetch } = useGet("/api/v1/trace/{record_id}", { path: { record_id: id } });
  const own = data && ownLine(data);
  const all = view.trace === "all" || (own !== undefined && own.nodes.length < 3);
  const shown = data && (all ? data : own);
  const choice = data && own && own.nodes.length >= 3 && own.nodes.length < data.nodes.length && (
    <SegmentedControl
      size="xs"
      aria-label="How much of the trace"
      value={all ? "all" : ""}
      onChange={(trace) => setView({ trace })}
      data={[
        { value: "", label: "Its own line" },
        { value: "all", label: `All ${data.nodes.length} records` },
      ]}
    />
  );
  return (
    <>
      <Section title="The trace" note="From the idea on the left to the money on the right. Point at a card to see what joins it to the others; arrow keys go from card to card." actions={choice || undefined}>
        {isPending && <Loading lines={6} />}
        {error && <ErrorNotice error={error} retry={() => void refetch()} />}
        {shown && (
          <Stack gap="xs">
            <Picture trace={shown} />
            {!inWords && (
              <Anchor component={Link} to={`/trace/${id}`} size="sm">
                The same in words
              </Anchor>
            )}
            {data.cut && all && <Text size="sm" c="dimmed">There is more; trace one of these records to go on.</Text>}
          </Stack>
        )}
      </Section>
      {inWords && shown && (
        <Section title="The same in words">
          <TraceList trace={shown} />
        </Section>
      )}
    </>
  );
}
