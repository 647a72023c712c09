import { Anchor, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";

import type { Schema } from "~/api/types";
import { number, percent } from "~/ui/format";
import { StateBadge, TimeAgo } from "~/ui/small";

import { inWords, isOnRows, levels } from "./checks";
import classes from "./data.module.css";
import { Rows } from "./Rows";

/** The worst first. */
export const ORDER = { critical: 0, fail: 1, warn: 2, green: 3 };
const SAYS = { critical: "critical", fail: "fails", warn: "warns", green: "passes" };

/** What each check found on a version; what is wrong comes first, with rows to look at. */
export function QualityReport({ report, version }: { report: Schema<"QualityReport">; version?: string }) {
  const results = [...report.results].sort((a, b) => ORDER[a.quality] - ORDER[b.quality]);
  return (
    <Stack>
      <ul className={classes.checks}>
        {results.map((result) => (
          <Result key={result.name} result={result} version={version} />
        ))}
      </ul>
      <Text size="sm" c="dimmed">
        Checked <TimeAgo at={report.at} />.
      </Text>
    </Stack>
  );
}

function Result({ result, version }: { result: Schema<"CheckResult">; version: string | undefined }) {
  const { check, quality, failing, share, rows } = result;
  const [shown, show] = useState(quality !== "green");
  const more = version && failing > result.examples.length && isOnRows(check.kind);
  const toAll = more ? `/data/versions/${version}/failing?check=${encodeURIComponent(result.name)}` : null;
  const columns = check.columns.length > 0 ? check.columns : check.column ? [check.column] : [];
  return (
    <li className={classes.check}>
      <StateBadge state={quality} label={SAYS[quality]} />
      <div>
        <Text component="span" fw={500}>
          {check.name ? `${check.name}: ${inWords(check)}` : inWords(check)}
        </Text>{" "}
        <Text component="span" size="sm" c="dimmed">
          {`${rows > 1 && failing > 0 && check.kind !== "missing" ? `${number(failing)} of ${number(rows)} rows do not (${percent(share)})` : result.detail}; it ${levels(check)}`}
        </Text>
        {(result.examples.length > 0 || toAll) && (
          <Stack gap={6} mt={4}>
            <Group gap="md">
              {result.examples.length > 0 && (
                <Anchor component="button" type="button" size="sm" onClick={() => show(!shown)} aria-expanded={shown}>
                  {shown ? "Hide the rows" : `Show ${result.examples.length} such rows`}
                </Anchor>
              )}
              {toAll && (
                <Anchor component={Link} size="sm" to={toAll}>
                  {`Look at all ${number(failing)} rows`}
                </Anchor>
              )}
            </Group>
            {shown && result.examples.length > 0 && <Rows rows={result.examples} label={`Rows that break: ${inWords(check)}`} mark={columns} />}
          </Stack>
        )}
      </div>
    </li>
  );
}
