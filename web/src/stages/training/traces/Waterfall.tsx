/** The tree of spans at the left, when each ran at the right; a thousand of them as light as ten. */
import { ActionIcon, Button, CloseButton, Group, Text, TextInput, Tooltip, VisuallyHidden } from "@mantine/core";
import { IconAlertCircleFilled, IconChevronRight, IconFold, IconSearch } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";

import { number } from "~/ui/format";

import { kindOfSpan } from "./kinds";
import classes from "./traces.module.css";
import { span as time, ticks, visible, type Line } from "./tree";

const ROW_PX = 30;
const INDENT_PX = 14;
const DEEPEST = 12; // indented no further, or the names would be gone

interface Props {
  lines: Line[];
  length: number;
  chosen: string;
  onChoose: (span: string) => void;
}

export function Waterfall({ lines, length, chosen, onChoose }: Props) {
  const [folded, fold] = useState<ReadonlySet<string>>(new Set());
  const [wanted, want] = useState("");
  const shown = useMemo(() => visible(lines, folded, wanted), [lines, folded, wanted]);
  const parents = useMemo(() => lines.filter((line) => line.children > 0 && line.depth > 0).map((line) => line.span_id), [lines]);
  const errors = lines.filter((line) => line.status === "ERROR").length;
  const toggle = (id: string) => fold((old) => (old.has(id) ? new Set([...old].filter((one) => one !== id)) : new Set([...old, id])));
  return (
    <div>
      <Group justify="space-between" mb="xs" gap="xs">
        <Group gap="sm">
          <Text size="sm" c="dimmed">{`${number(lines.length)} ${lines.length === 1 ? "span" : "spans"}`}</Text>
          {errors > 0 && (
            <Button size="compact-xs" variant="subtle" color="pomegranate" className={classes.failed} leftSection={<IconAlertCircleFilled size={13} aria-hidden />} onClick={() => onChoose(nextError(lines, chosen))}>
              {`${errors} failed: show the next`}
            </Button>
          )}
        </Group>
        <Group gap="xs">
          <TextInput
            size="xs"
            w={190}
            aria-label="Find a span"
            placeholder="Find a span"
            leftSection={<IconSearch size={14} aria-hidden />}
            rightSection={wanted && <CloseButton size="xs" aria-label="Show all spans" onClick={() => want("")} />}
            value={wanted}
            onChange={(event) => want(event.currentTarget.value)}
          />
          {parents.length > 0 && (
            <Tooltip label={folded.size > 0 ? "Unfold all" : "Fold all"}>
              <ActionIcon aria-label={folded.size > 0 ? "Unfold all" : "Fold all"} onClick={() => fold(folded.size > 0 ? new Set() : new Set(parents))}>
                <IconFold size={17} />
              </ActionIcon>
            </Tooltip>
          )}
        </Group>
      </Group>
      <Axis length={length} />
      <Tree {...{ shown, folded, toggle, length, chosen, onChoose }} />
    </div>
  );
}

function nextError(lines: Line[], chosen: string): string {
  const from = lines.findIndex((line) => line.span_id === chosen);
  const failed = (line: Line) => line.status === "ERROR";
  return (lines.slice(from + 1).find(failed) ?? lines.find(failed))!.span_id;
}

function Axis({ length }: { length: number }) {
  return (
    <div className={classes.axis} aria-hidden>
      {ticks(length).map((at) => (
        <span key={at} data-end={at / length > 0.93 || undefined} style={{ left: `${length > 0 ? (at / length) * 100 : 0}%` }}>
          {time(at)}
        </span>
      ))}
    </div>
  );
}

function Tree(props: { shown: Line[]; folded: ReadonlySet<string>; toggle: (id: string) => void; length: number; chosen: string; onChoose: (span: string) => void }) {
  const { shown, folded, toggle, length, chosen, onChoose } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: shown.length, getScrollElement: () => scroller.current, estimateSize: () => ROW_PX, overscan: 10, initialRect: { width: 900, height: 600 } });
  const at = shown.findIndex((line) => line.span_id === chosen);
  const first = useRef(chosen);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
    if (chosen === first.current) return; // opening a page does not move it
    first.current = "";
    const frame = requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById(`span-${chosen}`)?.scrollIntoView({ block: "nearest" })));
    return () => cancelAnimationFrame(frame);
  }, [at]);
  const move = (event: KeyboardEvent) => {
    const line = shown[at];
    const steps: Record<string, () => void> = {
      ArrowDown: () => onChoose(shown[Math.min(at + 1, shown.length - 1)]!.span_id),
      ArrowUp: () => onChoose(shown[Math.max(at - 1, 0)]!.span_id),
      Home: () => onChoose(shown[0]!.span_id),
      End: () => onChoose(shown.at(-1)!.span_id),
      ArrowRight: () => line && (folded.has(line.span_id) ? toggle(line.span_id) : line.children > 0 && onChoose(shown[at + 1]!.span_id)),
      ArrowLeft: () => line && (line.children > 0 && !folded.has(line.span_id) ? toggle(line.span_id) : line.parent && onChoose(line.parent)),
    };
    const step = steps[event.key];
    if (!step || shown.length === 0) return;
    event.preventDefault();
    step();
  };
  if (shown.length === 0) {
    return (
      <Text size="sm" c="dimmed" py="md">
        No span is called so.
      </Text>
    );
  }
  const marks = ticks(length).map((mark) => (length > 0 ? (mark / length) * 100 : 0));
  return (
    <div
      ref={scroller}
      className={classes.tree}
      role="tree"
      aria-label="Spans"
      tabIndex={0}
      {...(at >= 0 && { "aria-activedescendant": `span-${chosen}` })}
      onKeyDown={move}
    >
      <div role="none" style={{ height: virtual.getTotalSize(), position: "relative" }}>
        <div className={classes.marks} aria-hidden>
          {marks.map((mark) => (
            <i key={mark} style={{ left: `${mark}%` }} />
          ))}
        </div>
        {virtual.getVirtualItems().map((item) => {
          const line = shown[item.index];
          return line && <Row key={line.span_id} line={line} top={item.start} length={length} chosen={line.span_id === chosen} folded={folded.has(line.span_id)} onFold={toggle} onChoose={onChoose} />;
        })}
      </div>
    </div>
  );
}

function Row(props: { line: Line; top: number; length: number; chosen: boolean; folded: boolean; onFold: (id: string) => void; onChoose: (id: string) => void }) {
  const { line, length, folded } = props;
  const { color, icon: Sign, name } = kindOfSpan(line.kind);
  const failed = line.status === "ERROR";
  return (
    <div
      id={`span-${line.span_id}`}
      role="treeitem"
      aria-level={line.depth + 1}
      aria-selected={props.chosen}
      {...(line.children > 0 && { "aria-expanded": !folded })}
      className={classes.row}
      style={{ transform: `translateY(${props.top}px)` }}
      onClick={() => props.onChoose(line.span_id)}
    >
      <div className={classes.label} style={{ paddingLeft: 6 + Math.min(line.depth, DEEPEST) * INDENT_PX }}>
        <span
          className={classes.fold}
          data-open={!folded || undefined}
          data-none={line.children === 0 || undefined}
          aria-hidden
          onClick={(event) => {
            event.stopPropagation();
            if (line.children > 0) props.onFold(line.span_id);
          }}
        >
          <IconChevronRight size={13} />
        </span>
        <Sign size={15} stroke={1.8} className={classes.sign} data-color={color} aria-hidden />
        <span className={classes.name} data-failed={failed || undefined} title={line.name}>
          {line.name}
        </span>
        <VisuallyHidden>{failed ? `, ${name}, failed, ` : `, ${name}, `}</VisuallyHidden>
        {failed && <IconAlertCircleFilled size={14} className={classes.alert} aria-hidden />}
        {folded && line.children > 0 && <span className={classes.count}>{`+${line.children}`}</span>}
      </div>
      <div className={classes.lane}>
        <Bar line={line} length={length} color={failed ? "pomegranate" : color} />
      </div>
    </div>
  );
}

function Bar({ line, length, color }: { line: Line; length: number; color: string }) {
  const share = (ms: number) => (length > 0 ? (ms / length) * 100 : 0);
  const left = share(line.start_ms);
  const width = line.duration_ms === null ? 100 - left : share(line.duration_ms);
  const text = line.duration_ms === null ? "running" : time(line.duration_ms);
  const before = left + width > 82; // no room after it: the figure stands before the bar, or on it
  return (
    <>
      <span className={classes.bar} data-color={color} data-running={line.duration_ms === null || undefined} style={{ left: `${left}%`, width: `max(3px, ${width}%)` }} />
      <span
        className={classes.took}
        style={before ? (left > 14 ? { right: `calc(${100 - left}% + 6px)` } : { left: `calc(${left}% + 8px)` }) : { left: `calc(${left + width}% + 7px)` }}
        data-on={(before && left <= 14) || undefined}
      >
        {text}
      </span>
    </>
  );
}
