/** The head and the lines of `Table`. */
import { UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconFilter } from "@tabler/icons-react";
import { memo, useState, type CSSProperties, type MouseEvent } from "react";
import { Link, useNavigate } from "react-router";

import type { Column, Selection, TableProps } from "./Table";
import classes from "./Table.module.css";

export const CHECK_PX = 40;

/** A column as it stands on the screen now. */
export interface Shown<Row> {
  column: Column<Row>;
  style: CSSProperties;
  pinned: boolean;
  resize: (event: unknown) => void;
  reset: () => void;
}

export function Head<Row>(props: {
  shown: Shown<Row>[];
  sort: string | undefined;
  onSort: TableProps<Row>["onSort"];
  selection: Selection | undefined;
  ids: string[];
}) {
  const { selection, ids } = props;
  const all = ids.length > 0 && ids.every((id) => selection?.chosen.has(id));
  return (
    <thead role="rowgroup" className={classes.head}>
      <tr role="row" className={classes.row}>
        {selection && (
          <th role="columnheader" className={`${classes.th} ${classes.check}`}>
            <input
              type="checkbox"
              className={classes.tick}
              aria-label="Choose all that are loaded"
              checked={all}
              ref={(box) => {
                if (box) box.indeterminate = !all && selection.chosen.size > 0;
              }}
              onChange={() => selection.choose(all ? new Set() : new Set(ids))}
            />
          </th>
        )}
        {props.shown.map((one) => (
          <HeadCell key={one.column.id} {...one} sort={props.sort} onSort={props.onSort} />
        ))}
      </tr>
    </thead>
  );
}

function HeadCell<Row>({ column, style, pinned, resize, reset, sort, onSort }: Shown<Row> & { sort: string | undefined; onSort: TableProps<Row>["onSort"] }) {
  const name = column.sort ?? column.id;
  const sortable = onSort !== undefined && (column.sort !== undefined || column.by !== undefined);
  const order = sort === name ? "ascending" : sort === `-${name}` ? "descending" : undefined;
  return (
    <th role="columnheader" style={style} aria-sort={order} className={classes.th} data-pinned={pinned || undefined} title={column.hint}>
      {sortable ? (
        <UnstyledButton className={classes.sort} onClick={() => onSort(order === "descending" ? name : `-${name}`)}>
          <span className={classes.title}>{column.title}</span>
          {order === "ascending" && <IconArrowUp size={13} aria-hidden />}
          {order === "descending" && <IconArrowDown size={13} aria-hidden />}
        </UnstyledButton>
      ) : (
        <span className={classes.title}>{column.title}</span>
      )}
      <span className={classes.edge} aria-hidden onMouseDown={resize} onTouchStart={resize} onDoubleClick={reset} />
    </th>
  );
}

interface LineProps<Row> {
  row: Row;
  id: string;
  shown: Shown<Row>[];
  place: number;
  top: number;
  to: string | undefined;
  measure: (element: Element | null) => void;
  /** Whether its row is ticked; undefined in a table without ticks. */
  chosen: boolean | undefined;
  onToggle: (id: string) => void;
  onFilter: TableProps<Row>["onFilter"];
}

function PlainLine<Row>(props: LineProps<Row>) {
  const { row, id, shown, place, to, chosen } = props;
  const navigate = useNavigate();
  const [over, setOver] = useState(false); // funnels are made for the row under the mouse only
  // The link in the first cell serves keyboard and screen reader; the whole row serves the mouse.
  const follow = (event: MouseEvent) => {
    const own = (event.target as Element).closest("a, button, input");
    if (to && !own && !getSelection()?.toString()) void navigate(to);
  };
  return (
    <tr
      role="row"
      ref={props.measure}
      data-index={place}
      aria-rowindex={place + 2}
      aria-selected={chosen}
      className={`${classes.row} ${classes.line}`}
      data-link={to !== undefined || undefined}
      style={{ transform: `translateY(${props.top}px)` }}
      onClick={follow}
      onMouseEnter={() => setOver(true)}
      onMouseLeave={() => setOver(false)}
    >
      {chosen !== undefined && (
        <td role="cell" className={`${classes.td} ${classes.check}`} onClick={(event) => event.stopPropagation()}>
          <input type="checkbox" className={classes.tick} aria-label={`Choose row ${place + 1}`} checked={chosen} onChange={() => props.onToggle(id)} />
        </td>
      )}
      {shown.map(({ column, style, pinned }, index) => (
        <td role="cell" key={column.id} style={style} className={classes.td} data-pinned={pinned || undefined}>
          <div className={classes.content}>
            {to && index === 0 ? (
              <Link to={to} className={classes.first}>
                {column.cell(row)}
              </Link>
            ) : (
              column.cell(row)
            )}
          </div>
          {over && props.onFilter && column.filter && <CellFilter column={column} row={row} onFilter={props.onFilter} />}
        </td>
      ))}
    </tr>
  );
}

/** Drawn anew only when something of it has changed: a table draws dozens, whenever anything moves. */
export const Line = memo(PlainLine) as typeof PlainLine;

/** The funnel that appears in a cell: only rows like this one; with Shift only others. */
function CellFilter<Row>({ column, row, onFilter }: { column: Column<Row>; row: Row; onFilter: (condition: string) => void }) {
  const like = column.filter?.(row, false);
  if (like === undefined) return null;
  return (
    <button
      type="button"
      tabIndex={-1}
      className={classes.funnel}
      aria-label={`Only ${like}`}
      title={`Only ${like}\nwith Shift: ${column.filter?.(row, true) ?? like}`}
      onClick={(event) => onFilter(column.filter?.(row, event.shiftKey) ?? like)}
    >
      <IconFilter size={12} />
    </button>
  );
}

export function toggled(chosen: Set<string>, id: string): Set<string> {
  const next = new Set(chosen);
  if (!next.delete(id)) next.add(id);
  return next;
}
