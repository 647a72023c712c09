/** Lineage by column: hover or focus a column to see what it is made of, or what is made of it. */
import { Anchor, Text } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";

import { BOX, inWords, layOut, type Box, type Input, type Lineage } from "./lineage";
import classes from "./marts.module.css";

export function LineagePicture({ lineage, inputs, result }: { lineage: Lineage; inputs: Input[]; result: string }) {
  const [active, setActive] = useState<string | null>(null);
  if (lineage.length === 0) return <Text c="dimmed">The columns of this SQL could not be followed; its warnings say why.</Text>;
  const { boxes, curves, width, height } = layOut(lineage, inputs, result);
  const lit = (curve: { from: string; to: string }) => active !== null && (curve.from === active || curve.to === active);
  const near = new Set(curves.filter(lit).flatMap((curve) => [curve.from, curve.to]));
  return (
    <div className={classes.picture} tabIndex={0} role="region" aria-label={`Lineage: ${inWords(lineage)}`}>
      <div className={classes.canvas} style={{ width, height }} onMouseLeave={() => setActive(null)}>
        <svg width={width} height={height} className={classes.lines} aria-hidden>
          {[...curves].sort((a, b) => Number(lit(a)) - Number(lit(b))).map((curve) => (
            <path key={curve.from + curve.to} d={curve.path} className={classes.curve} data-lit={lit(curve) || undefined} data-faded={(active !== null && !lit(curve)) || undefined} />
          ))}
        </svg>
        {boxes.map((box) => (
          <BoxOf key={box.title} box={box} near={near} onActive={setActive} />
        ))}
      </div>
    </div>
  );
}

function BoxOf({ box, near, onActive }: { box: Box; near: Set<string>; onActive: (key: string | null) => void }) {
  return (
    <div className={classes.box} style={{ left: box.x, top: box.y, width: BOX.width, height: box.height }} data-result={box.version === null || undefined}>
      <div className={classes.head} title={box.title}>
        {box.version ? (
          <Anchor component={Link} to={`/data/versions/${box.version}`} inherit>
            {box.title}
          </Anchor>
        ) : (
          box.title
        )}
      </div>
      <div style={{ padding: `${BOX.pad}px 0` }}>
        {box.cells.map((cell) => (
          <button
            key={cell.key}
            type="button"
            className={classes.cell}
            data-lit={near.has(cell.key) || undefined}
            data-rows={cell.rowsOnly || undefined}
            title={cell.rowsOnly ? `${cell.name}: it chooses or orders rows, no value comes from it` : cell.name}
            onMouseEnter={() => onActive(cell.key)}
            onFocus={() => onActive(cell.key)}
            onBlur={() => onActive(null)}
          >
            <span>{cell.name}</span>
            <span>{cell.rowsOnly ? "rows" : cell.note}</span>
          </button>
        ))}
      </div>
    </div>
  );
}
