/** What one right and one false answer earn, and from which probability on a yes pays. */
import { Anchor, Text } from "@mantine/core";

import { percent } from "~/ui/format";
import { Money } from "~/ui/small";

import classes from "./business.module.css";
import { breakEven, gainOfYes, type Worth as Amounts } from "./payoffs";

export function Worth(props: { worth: Amounts; currency: string; threshold: number; unit: string; onThreshold?: (threshold: number) => void }) {
  const { worth, currency, threshold, unit, onThreshold } = props;
  const gain = gainOfYes(worth);
  const pays = breakEven(worth);
  return (
    <div>
      <table className={classes.worth}>
        <caption>{`Earned by one ${unit}`}</caption>
        <thead>
          <tr>
            <td />
            <th scope="col">it comes true</th>
            <th scope="col">it does not</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">the model says yes</th>
            <Cell amount={worth.truePositive} currency={currency} note="right" />
            <Cell amount={worth.falsePositive} currency={currency} note="false alarm" />
          </tr>
          <tr>
            <th scope="row">it says no</th>
            <Cell amount={worth.falseNegative} currency={currency} note="missed" />
            <Cell amount={worth.trueNegative} currency={currency} note="rightly quiet" />
          </tr>
        </tbody>
      </table>
      <Text size="sm" mt="sm">
        {pays === null
          ? gain.right <= 0
            ? "At these amounts a yes never pays: a right one must earn more than a miss."
            : "At these amounts a yes always pays: a false alarm costs nothing, so the model would say yes to everything."
          : `A yes pays when the chance is above ${percent(pays)}. The model says yes above ${percent(threshold)}.`}
        {pays !== null && onThreshold && Math.abs(pays - threshold) > 0.005 && (
          <>
            {" "}
            <Anchor component="button" type="button" size="sm" onClick={() => onThreshold(Number(pays.toFixed(3)))}>
              {`Use ${percent(pays)}`}
            </Anchor>
          </>
        )}
      </Text>
      {pays !== null && (
        <Text size="sm" c="dimmed">
          {`One right yes makes up for ${(gain.right / -gain.wrong).toLocaleString("en-US", { maximumFractionDigits: 1 })} false alarms.`}
        </Text>
      )}
    </div>
  );
}

function Cell({ amount, currency, note }: { amount: number; currency: string; note: string }) {
  return (
    <td data-tone={amount > 0 ? "gain" : amount < 0 ? "loss" : "even"}>
      <Money amount={amount} currency={currency} signed />
      <Text size="xs" c="dimmed">
        {note}
      </Text>
    </td>
  );
}
