import { ActionIcon, Group, Menu, Text, Tooltip, UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconColumns3 } from "@tabler/icons-react";
import {
  columnResizingFeature,
  columnSizingFeature,
  columnVisibilityFeature,
  tableFeatures,
  useTable,
  type ColumnDef,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, type CSSProperties, type MouseEvent, type ReactNode } from "react";
import { Link, useNavigate } from "react-router";

import type { Pages } from "~/api/queries";

import { ErrorNotice, Loading } from "./notices";
import { useRemembered } from "./state";
import classes from "./Table.module.css";

const features = tableFeatures({ columnSizingFeature, columnResizingFeature, columnVisibilityFeature });
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
  const { columns, rows, pages, href, rowId } = props;
  const [sizes, setSizes] = useRemembered<Record<string, number>>(`table.${props.id}.widths`, {});
  const [visible, setVisible] = useRemembered<Record<string, boolean>>(
    `table.${props.id}.columns`,
    Object.fromEntries(columns.filter((column) => column.hidden).map((column) => [column.id, false])),
  );
  const definitions = useMemo<ColumnDef<typeof features, { row: Row }>[]>(
    () => columns.map((column) => ({ id: column.id, header: column.title, size: column.width ?? 140, minSize: 56 })),
    [columns],
  );
  const data = useMemo(() => rows.map((row) => ({ row })), [rows]);
  const table = useTable({
    features,
    data,
    columns: definitions,
    getRowId: ({ row }) => rowId(row),
    columnResizeMode: "onChange",
    state: { columnSizing: sizes, columnVisibility: visible },
    onColumnSizingChange: setSizes,
    onColumnVisibilityChange: setVisible,
  });
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

  const byId = new Map(columns.map((column) => [column.id, column]));
  const headers = table.getHeaderGroups()[0]?.headers ?? [];
  const shown = headers.map((header): Shown<Row> => {
    const column = byId.get(header.column.id)!;
    const grows = column.grow && sizes[column.id] === undefined;
    return {
      column,
      style: {
        flex: grows ? `1 0 ${header.getSize()}px` : `0 0 ${header.getSize()}px`,
        justifyContent: column.align === "right" ? "flex-end" : undefined,
      },
      resize: header.getResizeHandler(),
      reset: () => header.column.resetSize(),
    };
  });

  return (
    <>
      <Group justify="space-between" mb="xs" align="flex-end" className={classes.tools}>
        <Group gap="xs">{props.toolbar}</Group>
        <ColumnMenu columns={columns} visible={visible} show={(id, on) => setVisible((old) => ({ ...old, [id]: on }))} />
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
            style={{ minWidth: table.getTotalSize() }}
          >
            <Head shown={shown} sort={props.sort} onSort={props.onSort} />
            <tbody role="rowgroup" className={classes.body} style={{ height: virtual.getTotalSize() }}>
              {items.map((item) => {
                const row = rows[item.index];
                return (
                  row && (
                    <Line
                      key={rowId(row)}
                      measure={virtual.measureElement}
                      place={item.index}
                      top={item.start}
                      row={row}
                      shown={shown}
                      to={href?.(row)}
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

/** A column as it stands on the screen now. */
interface Shown<Row> {
  column: Column<Row>;
  style: CSSProperties;
  resize: (event: unknown) => void;
  reset: () => void;
}

function Head<Row>({ shown, sort, onSort }: { shown: Shown<Row>[]; sort: string; onSort: TableProps<Row>["onSort"] }) {
  return (
    <thead role="rowgroup" className={classes.head}>
      <tr role="row" className={classes.row}>
        {shown.map(({ column, style, resize, reset }) => {
          const name = column.sort ?? column.id;
          const sortable = onSort !== undefined && (column.sort !== undefined || column.by !== undefined);
          const order = sort === name ? "ascending" : sort === `-${name}` ? "descending" : undefined;
          return (
            <th role="columnheader" key={column.id} style={style} aria-sort={order} className={classes.th}>
              {sortable ? (
                <UnstyledButton className={classes.sort} onClick={() => onSort(order === "descending" ? name : `-${name}`)}>
                  {column.title}
                  {order === "ascending" && <IconArrowUp size={13} aria-hidden />}
                  {order === "descending" && <IconArrowDown size={13} aria-hidden />}
                </UnstyledButton>
              ) : (
                column.title
              )}
              <span className={classes.edge} aria-hidden onMouseDown={resize} onTouchStart={resize} onDoubleClick={reset} />
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

function Line<Row>(props: {
  row: Row;
  shown: Shown<Row>[];
  place: number;
  top: number;
  to: string | undefined;
  measure: (element: Element | null) => void;
}) {
  const { row, shown, place, to } = props;
  const navigate = useNavigate();
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
      className={`${classes.row} ${classes.line}`}
      data-link={to !== undefined || undefined}
      style={{ transform: `translateY(${props.top}px)` }}
      onClick={follow}
    >
      {shown.map(({ column, style }, index) => (
        <td role="cell" key={column.id} style={style} className={classes.td}>
          <div className={classes.content}>
            {to && index === 0 ? (
              <Link to={to} className={classes.first}>
                {column.cell(row)}
              </Link>
            ) : (
              column.cell(row)
            )}
          </div>
        </td>
      ))}
    </tr>
  );
}

function ColumnMenu<Row>(props: { columns: Column<Row>[]; visible: Record<string, boolean>; show: (id: string, on: boolean) => void }) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Tooltip label="Columns">
          <ActionIcon aria-label="Choose columns">
            <IconColumns3 size={18} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {props.columns.slice(1).map((column) => (
          <Menu.CheckboxItem key={column.id} checked={props.visible[column.id] !== false} onChange={(on) => props.show(column.id, on)}>
            {column.title}
          </Menu.CheckboxItem>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
