import { Anchor, Stack, Text } from "@mantine/core";
import { useState } from "react";

import type { Schema } from "~/api/types";
import { number, percent } from "~/ui/format";
import { StateBadge, TimeAgo } from "~/ui/small";

import { inWords, levels } from "./checks";
import classes from "./data.module.css";
import { Rows } from "./Rows";

const ORDER = { fail: 0, warn: 1, green: 2 };

/** What each check found on a version; what is wrong comes first, with rows to look at. */
export function QualityReport({ report }: { report: Schema<"QualityReport"> }) {
  const results = [...report.results].sort((a, b) => ORDER[a.quality] - ORDER[b.quality]);
  return (
    <Stack>
      <ul className={classes.checks}>
        {results.map((result) => (
          <Result key={result.name} result={result} />
        ))}
      </ul>
      <Text size="sm" c="dimmed">
        Checked <TimeAgo at={report.at} />.
      </Text>
    </Stack>
  );
}

function Result({ result }: { result: Schema<"CheckResult"> }) {
  const { check, quality, failing, share, rows } = result;
  const [shown, show] = useState(quality !== "green");
  const label = quality === "green" ? "passes" : quality === "warn" ? "warns" : "fails";
  const columns = check.columns.length > 0 ? check.columns : check.column ? [check.column] : [];
  return (
    <li className={classes.check}>
      <StateBadge state={quality} label={label} />
      <div>
        <Text component="span" fw={500}>
          {check.name ? `${check.name}: ${inWords(check)}` : inWords(check)}
        </Text>{" "}
        <Text component="span" size="sm" c="dimmed">
          {`${rows > 1 && failing > 0 ? `${number(failing)} of ${number(rows)} rows do not (${percent(share)})` : result.detail}; it ${levels(check)}`}
        </Text>
        {result.examples.length > 0 && (
          <Stack gap={6} mt={4}>
            <Anchor component="button" type="button" size="sm" onClick={() => show(!shown)} aria-expanded={shown} style={{ alignSelf: "flex-start" }}>
              {shown ? "Hide the rows" : `Show ${result.examples.length} such rows`}
            </Anchor>
            {shown && <Rows rows={result.examples} label={`Rows that break: ${inWords(check)}`} mark={columns} />}
          </Stack>
        )}
      </div>
    </li>
  );
}
