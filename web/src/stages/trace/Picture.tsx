/** A trace as a picture: cards by stage, curves between them; what is hovered or focused lights up its own lines. */
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { Link } from "react-router";

import type { Schema } from "~/api/types";
import { pageOf } from "~/ui/links";
import { StateBadge } from "~/ui/small";

import { stageOf } from "..";
import { CARD, layOut, relationText, type Line, type Placed } from "./layout";
import classes from "./trace.module.css";

type Trace = Pick<Schema<"Trace">, "root" | "nodes" | "edges">;

export function Picture({ trace }: { trace: Trace }) {
  const [active, setActive] = useState<string | null>(null);
  const { cards, lines, columns, width, height } = layOut(trace);
  const chosen = active ?? trace.root;
  const lit = (line: Line) => line.edge.source === chosen || line.edge.target === chosen;
  const scroller = useRef<HTMLDivElement>(null);
  const right = (cards.find((card) => card.node.id === trace.root)?.x ?? 0) + CARD.width;
  useEffect(() => {
    const box = scroller.current;
    if (box && right > box.clientWidth) box.scrollLeft = right; // what was asked about is in sight
  }, [right]);
  const near = new Set([chosen, ...lines.filter(lit).flatMap(({ edge }) => [edge.source, edge.target])]);
  return (
    <div ref={scroller} className={classes.scroller} tabIndex={0} role="region" aria-label="The trace as a picture; the list below says the same in words">
      <div className={classes.canvas} style={{ width, height }} onMouseLeave={() => setActive(null)}>
        {columns.map((column) => (
          <div key={column.title} className={classes.column} style={{ left: column.x, width: CARD.width }} aria-hidden>
            {column.title}
          </div>
        ))}
        <svg width={width} height={height} className={classes.lines} aria-hidden>
          {[...lines].sort((a, b) => Number(lit(a)) - Number(lit(b))).map((line) => (
            <path key={line.edge.source + line.edge.relation + line.edge.target} d={line.path} className={classes.line} data-lit={lit(line) || undefined} />
          ))}
        </svg>
        <div onKeyDown={(event) => step(event, cards)}>
          {cards.map((card) => (
            <Card key={card.node.id} card={card} root={card.node.id === trace.root} faded={active !== null && !near.has(card.node.id)} onActive={setActive} />
          ))}
        </div>
        {lines.filter((line) => lit(line) && line.x !== null).map((line) => (
          <span key={`${line.edge.source}${line.edge.relation}${line.edge.target}`} className={classes.relation} style={{ left: line.x ?? 0, top: line.y }} aria-hidden>
            {relationText(line.edge.relation)}
          </span>
        ))}
      </div>
    </div>
  );
}

/** Arrow keys go from card to card: up and down inside a column, left and right to the nearest of the next. */
function step(event: KeyboardEvent<HTMLElement>, cards: Placed[]): void {
  const current = cards.find((card) => card.node.id === (event.target as HTMLElement).dataset.node);
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!current || !way) return;
  const [dx = 0, dy = 0] = way;
  const ahead = cards.filter((card) => (dx !== 0 ? Math.sign(card.x - current.x) === dx : card.x === current.x && Math.sign(card.y - current.y) === dy));
  const far = (card: Placed) => Math.abs(card.x - current.x) * 10 + Math.abs(card.y - current.y);
  const next = ahead.sort((a, b) => far(a) - far(b))[0];
  if (!next) return;
  event.preventDefault();
  event.currentTarget.querySelector<HTMLElement>(`[data-node="${CSS.escape(next.node.id)}"]`)?.focus();
}

function Card({ card, root, faded, onActive }: { card: Placed; root: boolean; faded: boolean; onActive: (id: string | null) => void }) {
  const { node } = card;
  const Sign = stageOf(node.stage).icon;
  const page = pageOf(node.id);
  const shared = {
    className: classes.card,
    style: { left: card.x, top: card.y, width: CARD.width, height: card.height },
    "data-root": root || undefined,
    "data-faded": faded || undefined,
    "data-stage": ["outcome", "money"].includes(node.kind) ? "after" : card.column,
    "data-node": node.id,
    onMouseEnter: () => onActive(node.id),
    onFocus: () => onActive(node.id),
    onBlur: () => onActive(null),
  };
  const inside: ReactNode = (
    <>
      <span className={classes.kind}>
        <Sign size={13} stroke={1.9} aria-hidden />
        <span>{node.kind}</span>
        {node.state && <StateBadge state={node.state} />}
      </span>
      <span className={classes.title}>{node.title}</span>
      {node.facts.slice(0, CARD.facts).map((fact) => (
        <span key={fact.label} className={classes.fact} title={`${fact.label}: ${fact.value}`}>
          <span>{fact.label}</span> {fact.value}
        </span>
      ))}
    </>
  );
  return page ? (
    <Link to={page} {...shared}>
      {inside}
    </Link>
  ) : (
    <div {...shared} tabIndex={0} role="group" aria-label={`${node.kind} ${node.title}`}>
      {inside}
    </div>
  );
}
