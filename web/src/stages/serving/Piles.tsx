/** Money by period as piles, a layer per model version, with a mark where no model would have been. */
import { Group, Text, VisuallyHidden } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useState } from "react";

import { SERIES } from "~/theme/palette";
import { money } from "~/ui/format";

import { periodText, type Pile } from "./money";
import classes from "./serving.module.css";

const HEIGHT = 230;
const BOTTOM = 26;
const LEFT = 76;

interface Props {
  piles: Pile[];
  versions: string[];
  kind: string;
  currency: string;
  nameOf: (version: string) => string;
}

export function Piles({ piles, versions, kind, currency, nameOf }: Props) {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const [over, setOver] = useState<number | null>(null);
  const color = (version: string) => SERIES[versions.indexOf(version) % SERIES.length]!;
  const gains = piles.map((pile) => total(pile, 1));
  const losses = piles.map((pile) => total(pile, -1));
  const high = Math.max(0, ...gains, ...piles.map((pile) => pile.without));
  const low = Math.min(0, ...losses, ...piles.map((pile) => pile.without));
  const y = (value: number) => 10 + ((high - value) / (high - low || 1)) * (HEIGHT - BOTTOM - 10);
  const step = Math.max(0, width - LEFT) / Math.max(1, piles.length);
  const thick = Math.min(64, step * 0.62);
  const every = Math.max(1, Math.ceil(66 / (step || 1)));
  const shown = over === null ? undefined : piles[over];
  return (
    <div ref={ref} className={classes.plot} role="figure" aria-label={`Money by ${kind} and version`} onMouseLeave={() => setOver(null)}>
      <svg width={width} height={HEIGHT} aria-hidden>
        {[...new Set([low, 0, high])].map((tick) => (
          <g key={tick}>
            <line x1={LEFT} x2={width} y1={y(tick)} y2={y(tick)} className={tick === 0 ? classes.zero : classes.gridline} />
            <text x={LEFT - 8} y={y(tick) + 4} textAnchor="end" className={classes.tick}>
              {money(Math.round(tick), currency)}
            </text>
          </g>
        ))}
        {piles.map((pile, place) => {
          const x = LEFT + step * (place + 0.5) - thick / 2;
          return (
            <g key={pile.period} opacity={over === null || over === place ? 1 : 0.55} onMouseEnter={() => setOver(place)}>
              <rect x={LEFT + step * place} y={0} width={step} height={HEIGHT - BOTTOM} fill="transparent" />
              {stacked(pile).map((layer) => (
                <rect key={layer.version} x={x} width={thick} y={y(layer.to)} height={Math.max(0, y(layer.from) - y(layer.to) - 1)} fill={color(layer.version)} rx={Math.min(3, thick / 5)} />
              ))}
              <line x1={x - 5} x2={x + thick + 5} y1={y(pile.without)} y2={y(pile.without)} className={classes.without} />
              {place % every === 0 && (
                <text x={x + thick / 2} y={HEIGHT - 8} textAnchor="middle" className={classes.tick}>
                  {periodText(pile.period, kind)}
                </text>
              )}
            </g>
          );
        })}
      </svg>
      {shown && over !== null && (
        <div className={classes.tip} style={{ left: Math.min(Math.max(LEFT + step * (over + 0.5), 110), Math.max(110, width - 110)) }}>
          <strong>{periodText(shown.period, kind)}</strong>
          {shown.layers.map((layer) => (
            <div key={layer.version}>
              <span className={classes.swatch} style={{ background: color(layer.version) }} /> {`${nameOf(layer.version)} ${money(Math.round(layer.value), currency)} on ${layer.matched.toLocaleString("en-US")}`}
            </div>
          ))}
          <div>{`without a model ${money(Math.round(shown.without), currency)}`}</div>
        </div>
      )}
      <Group gap="md" justify="center" mt={4}>
        {versions.map((version) => (
          <Group key={version} gap={6}>
            <span className={classes.swatch} style={{ background: color(version) }} />
            <Text size="sm">{nameOf(version)}</Text>
          </Group>
        ))}
        <Group gap={6}>
          <span className={classes.dash} />
          <Text size="sm">without a model</Text>
        </Group>
      </Group>
      <VisuallyHidden>
        <ul>
          {piles.map((pile) => (
            <li key={pile.period}>{`${periodText(pile.period, kind)}: ${money(Math.round(pile.value), currency)} with, ${money(Math.round(pile.without), currency)} without the model`}</li>
          ))}
        </ul>
      </VisuallyHidden>
    </div>
  );
}

function total(pile: Pile, sign: 1 | -1): number {
  return pile.layers.reduce((sum, layer) => (layer.value * sign > 0 ? sum + layer.value : sum), 0);
}

/** Gains grow up from zero, losses hang below it. */
function stacked(pile: Pile): { version: string; from: number; to: number }[] {
  let up = 0;
  let down = 0;
  return pile.layers.map(({ version, value }) => {
    if (value >= 0) {
      up += value;
      return { version, from: up - value, to: up };
    }
    down += value;
    return { version, from: down, to: down - value };
  });
}
