import { cellText } from "./Columns";
import classes from "./data.module.css";

/** Some rows of a table; `mark` names the columns that are the reason why they are shown. */
export function Rows({ rows, label, mark = [] }: { rows: Record<string, unknown>[]; label: string; mark?: string[] }) {
  const names = Object.keys(rows[0] ?? {});
  return (
    <div className={classes.rows} tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {names.map((name) => (
              <th key={name} scope="col" data-number={rows.some((row) => typeof row[name] === "number") || undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, place) => (
            <tr key={place}>
              {names.map((name) => (
                <td key={name} data-number={typeof row[name] === "number" || undefined}>
                  {mark.includes(name) ? <mark>{cellText(row[name])}</mark> : cellText(row[name])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
