/** What a dataset is checked for, and what each check found over the versions. */
import { Stack, Text } from "@mantine/core";
import { Link } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice } from "~/ui/notices";

import { inWords, levels, nameOf, type Check } from "./checks";
import classes from "./looks.module.css";

const SHOWN = 40;

type Point = Schema<"CheckPoint">;

export function History({ dataset }: { dataset: Schema<"Dataset"> }) {
  const { data, error } = useGet("/api/v1/datasets/{ref}/checks/history", { path: { ref: dataset.id } });
  const last = Math.max(0, ...(data ?? []).map((history) => history.points.at(-1)?.number ?? 0));
  const first = Math.max(1, last - SHOWN + 1);
  const points = (check: Check) => data?.find((history) => history.name === nameOf(check))?.points ?? [];
  return (
    <Stack gap="sm">
      {error && <ErrorNotice error={error} />}
      <ul className={classes.history}>
        {dataset.checks.map((check) => (
          <li key={nameOf(check)}>
            <span>
              <Text component="span">{check.name ? `${check.name}: ${inWords(check)}` : inWords(check)}</Text>{" "}
              <Text component="span" size="sm" c="dimmed">
                {levels(check)}
              </Text>
            </span>
            {last > 1 && <Marks points={points(check)} first={first} last={last} />}
          </li>
        ))}
      </ul>
      {last > 1 && (
        <Text size="sm" c="dimmed">
          {`On the right versions ${first} to ${last}: the higher, the larger the share that fails. Each leads to its version.`}
        </Text>
      )}
    </Stack>
  );
}

function Marks({ points, first, last }: { points: Point[]; first: number; last: number }) {
  const byNumber = new Map(points.map((point) => [point.number, point]));
  const most = Math.max(...points.map((point) => point.share)) || 1;
  return (
    <span className={classes.marks}>
      {Array.from({ length: last - first + 1 }, (_, place) => byNumber.get(first + place)).map((point, place) =>
        point ? (
          <Link
            key={place}
            to={`/data/versions/${point.version}?tab=checks`}
            data-quality={point.quality}
            title={`v${point.number}: ${point.quality}, ${point.detail}`}
            aria-label={`v${point.number}: ${point.quality}, ${point.detail}`}
          >
            <span style={{ height: `${18 + (point.share / most) * 82}%` }} />
          </Link>
        ) : (
          <i key={place} />
        ),
      )}
    </span>
  );
}
