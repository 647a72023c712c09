/** What each check found over the versions: a column a version, its height the share of failing rows. */
import { Text } from "@mantine/core";
import { Link } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice } from "~/ui/notices";

import { inWords } from "./checks";
import classes from "./looks.module.css";

const SHOWN = 60;

export function History({ dataset }: { dataset: Schema<"Dataset"> }) {
  const { data, error } = useGet("/api/v1/datasets/{ref}/checks/history", { path: { ref: dataset.id } });
  if (error) return <ErrorNotice error={error} />;
  const several = data?.filter((history) => history.points.length > 1) ?? [];
  if (several.length === 0) return null;
  const last = Math.max(...several.map((history) => history.points.at(-1)!.number));
  const first = Math.max(1, last - SHOWN + 1);
  return (
    <figure className={classes.history} aria-label="Checks over the versions">
      <table>
        <tbody>
          {several.map((history) => (
            <Line key={history.name} history={history} first={first} last={last} />
          ))}
        </tbody>
      </table>
      <Text component="figcaption" size="sm" c="dimmed">
        {`Versions ${first} to ${last}; the higher, the larger the share that fails. A column leads to its version.`}
      </Text>
    </figure>
  );
}

function Line({ history, first, last }: { history: Schema<"CheckHistory">; first: number; last: number }) {
  const byNumber = new Map(history.points.map((point) => [point.number, point]));
  const most = Math.max(...history.points.map((point) => point.share)) || 1;
  return (
    <tr>
      <th scope="row">{history.check.name || inWords(history.check)}</th>
      <td>
        <div className={classes.marks}>
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
        </div>
      </td>
    </tr>
  );
}
