import { Group, Text } from "@mantine/core";
import { columnResizingFeature, columnSizingFeature, tableFeatures, useTable, type ColumnDef } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useRef, type ReactNode } from "react";

import type { Pages } from "~/api/queries";

import { ColumnMenu } from "./ColumnMenu";
import { useLayout, type LayoutState } from "./columns";
import { ErrorNotice, Loading } from "./notices";
import { useRemembered } from "./state";
import classes from "./Table.module.css";
import { CHECK_PX, Head, Line, toggled, type Shown } from "./TableRows";

const features = tableFeatures({ columnSizingFeature, columnResizingFeature });
const ROW_PX = 42;

export interface Column<Row> {
  id: string;
  title: string;
  cell: (row: Row) => ReactNode;
  /** Pixels, until the reader drags the edge. Default 140. */
  width?: number;
  /** Takes what room is left. */
  grow?: boolean;
  align?: "right";
  /** Can be sorted: by `sort` on the server (with `onSort`), or by this value here (with `rows`). */
  by?: (row: Row) => string | number | null;
  /** The name the server sorts by. */
  sort?: string;
  /** Not shown until the reader asks for it. */
  hidden?: boolean;
  /** Said when the mouse rests on the title; what the menu of columns calls it. */
  hint?: string;
  menu?: string;
  /** The condition that keeps rows with this row's value (`but`: the others); undefined when there is none. */
  filter?: (row: Row, but: boolean) => string | undefined;
}

/** Rows that the reader ticked, by their ids. */
export interface Selection {
  chosen: Set<string>;
  choose: (ids: Set<string>) => void;
}

export interface TableProps<Row> {
  /** Widths and hidden columns are remembered under this name. */
  id: string;
  /** What the rows are, for readers who cannot see the page: "Runs". */
  label: string;
  columns: Column<Row>[];
  /** A list that is all here, or … */
  rows?: Row[];
  /** … one that comes page by page: what `usePages` returns. */
  pages?: Pages<Row>;
  rowId: (row: Row) => string;
  /** The row's page: its first cell becomes the link. */
  href?: (row: Row) => string;
  /** Shown instead of the table when there is no row. */
  empty: ReactNode;
  /** "name" or "-name"; keep it in `useUrlState`. */
  sort?: string;
  onSort?: (sort: string) => void;
  /** Filters and the like, left above the table. */
  toolbar?: ReactNode;
  maxHeight?: string;
  /** Rows can be ticked. */
  selection?: Selection;
  /** Cells offer their column's `filter`. */
  onFilter?: (condition: string) => void;
  /** Which columns are shown; without it the table keeps that itself. See `useLayout`. */
  layout?: LayoutState;
}

/** The one table: virtual rows, columns that remember their width, sorting and paging by the server. */
export function Table<Row>(props: TableProps<Row>) {
  const { pages, rows = pages?.rows ?? [], sort = "", href, empty } = props;
  if (pages?.isPending) return <Loading />;
  if (pages?.error) return <ErrorNotice error={pages.error} />;
  const ordered = pages || !props.sort ? rows : sorted(rows, props.columns, sort);
  return (
    <div>
      <Grid {...props} rows={ordered} sort={sort} href={href} empty={empty} />
      {pages && rows.length > 0 && (
        <Text size="sm" c="dimmed" mt={6} aria-live="polite">
          {rows.length.toLocaleString("en-US")} shown{pages.hasMore ? (pages.isLoadingMore ? ", loading more…" : ", more below") : ""}
        </Text>
      )}
    </div>
  );
}

function sorted<Row>(rows: Row[], columns: Column<Row>[], sort: string): Row[] {
  const by = columns.find((column) => (column.sort ?? column.id) === sort.replace(/^-/, ""))?.by;
  if (!by) return rows;
  const sign = sort.startsWith("-") ? -1 : 1;
  return [...rows].sort((left, right) => {
    const [a, b] = [by(left), by(right)];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1; // what is missing comes last, both ways
    return sign * (a < b ? -1 : a > b ? 1 : 0);
  });
}

function Grid<Row>(props: TableProps<Row> & { rows: Row[]; sort: string }) {
  const { columns, rows, pages, href, rowId, selection } = props;
  const own = useLayout(props.id);
  const layout = props.layout ?? own;
  const shown = useShown(props.id, columns, layout, selection !== undefined);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    initialRect: { width: 1000, height: 640 },
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (pages?.hasMore && last >= rows.length - 8) pages.loadMore();
  }, [last, rows.length, pages]);
  const current = useRef(props);
  current.current = props;
  const toggle = useCallback((id: string) => current.current.selection?.choose(toggled(current.current.selection.chosen, id)), []);
  const filter = useCallback((condition: string) => current.current.onFilter?.(condition), []);
  const ids = useMemo(() => (selection ? rows.map(rowId) : []), [rows, rowId, selection !== undefined]);

  return (
    <>
      <Group justify="space-between" mb="xs" align="flex-end" className={classes.tools}>
        <Group gap="xs">{props.toolbar}</Group>
        <ColumnMenu columns={columns} {...layout} />
      </Group>
      {rows.length === 0 ? (
        props.empty
      ) : (
        <div
          ref={scroller}
          className={classes.scroller}
          style={{ maxHeight: props.maxHeight ?? "min(70vh, 56rem)" }}
          tabIndex={0}
          role="region"
          aria-label={props.label}
        >
          <table
            role="table"
            aria-label={props.label}
            aria-rowcount={pages?.hasMore ? -1 : rows.length + 1}
            className={classes.table}
            style={{ minWidth: shown.width }}
          >
            <Head shown={shown.columns} sort={props.sort} onSort={props.onSort} selection={selection} ids={ids} />
            <tbody role="rowgroup" className={classes.body} style={{ height: virtual.getTotalSize() }}>
              {items.map((item) => {
                const row = rows[item.index];
                return (
                  row && (
                    <Line
                      key={rowId(row)}
                      id={rowId(row)}
                      measure={virtual.measureElement}
                      place={item.index}
                      top={item.start}
                      row={row}
                      shown={shown.columns}
                      to={href?.(row)}
                      chosen={selection?.chosen.has(rowId(row))}
                      onToggle={toggle}
                      onFilter={props.onFilter && filter}
                    />
                  )
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

/** The columns on the screen, pinned ones first, with the widths that the reader gave them. */
function useShown<Row>(id: string, columns: Column<Row>[], { layout }: LayoutState, checks: boolean): { columns: Shown<Row>[]; width: number } {
  const [sizes, setSizes] = useRemembered<Record<string, number>>(`table.${id}.widths`, {});
  const pinned = new Set(layout.pinned);
  const there = columns.filter((column, place) => place === 0 || pinned.has(column.id) || (layout.shown[column.id] ?? !column.hidden));
  const stays = (column: Column<Row>) => column === there[0] || pinned.has(column.id);
  const ordered = [...there.filter(stays), ...there.filter((column) => !stays(column))];
  const key = JSON.stringify(ordered.map((column) => [column.id, column.width]));
  const definitions = useMemo<ColumnDef<typeof features, object>[]>(
    () => ordered.map((column) => ({ id: column.id, header: column.title, size: column.width ?? 140, minSize: 56 })),
    [key],
  );
  const table = useTable({ features, data: NO_ROWS, columns: definitions, columnResizeMode: "onChange", state: { columnSizing: sizes }, onColumnSizingChange: setSizes });
  const width = table.getTotalSize() + (checks ? CHECK_PX : 0);
  // The same array as long as nothing of it changes, so that lines need not be drawn anew.
  const shown = useMemo(() => {
    let left = checks ? CHECK_PX : 0;
    return (table.getHeaderGroups()[0]?.headers ?? []).flatMap((header, place): Shown<Row>[] => {
      const column = ordered[place];
      if (!column) return [];
      const size = header.getSize();
      const sticks = stays(column);
      const grows = column.grow && sizes[column.id] === undefined && pinned.size === 0;
      const style = {
        flex: grows ? `1 0 ${size}px` : `0 0 ${size}px`,
        justifyContent: column.align === "right" ? "flex-end" : undefined,
        ...(sticks && { left }),
      };
      if (sticks) left += size;
      return [{ column, style, pinned: sticks, resize: header.getResizeHandler(), reset: () => header.column.resetSize() }];
    });
  }, [columns, key, sizes, width, layout]);
  return { columns: shown, width };
}

const NO_ROWS: object[] = [];
