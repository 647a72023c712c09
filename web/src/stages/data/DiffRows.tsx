import type { Schema } from "~/api/types";

import { cellText } from "./Columns";
import classes from "./data.module.css";
import marks from "./diff.module.css";

type Row = Schema<"RowDiff">;
type Values = Record<string, unknown>;

/** Rows that differ; a cell that changed shows what it was and what it is. */
export function DiffRows({ page, every }: { page: Schema<"RowDiffs">; every: boolean }) {
  const names = columnsOf(page, every);
  return (
    <div className={classes.rows} tabIndex={0} role="region" aria-label={`${page.kind} rows`}>
      <table>
        <thead>
          <tr>
            {names.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {page.rows.map((row, place) => (
            <tr key={place} className={marks[row.kind]}>
              {names.map((name) => (
                <td key={name}>
                  <Cell row={row} name={name} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell({ row, name }: { row: Row; name: string }) {
  const [was, now] = [row.before as Values | null, row.after as Values | null];
  if (row.kind !== "changed") return <>{cellText((now ?? was)?.[name])}</>;
  if (!row.columns.includes(name)) return <>{cellText(now?.[name])}</>;
  return (
    <>
      <del className={marks.was}>{cellText(was?.[name])}</del>
      <span aria-hidden> → </span>
      <ins className={marks.now}>{cellText(now?.[name])}</ins>
    </>
  );
}

/** The key first; of changed rows only the columns that differ somewhere here, unless all are asked for. */
function columnsOf({ rows, key, kind }: Schema<"RowDiffs">, every: boolean): string[] {
  const all = Object.keys((rows[0]?.after ?? rows[0]?.before ?? {}) as Values);
  const rest = all.filter((name) => !key.includes(name));
  const differ = new Set(rows.flatMap((row) => row.columns));
  return [...key, ...(kind === "changed" && !every ? rest.filter((name) => differ.has(name)) : rest)];
}
