import { Anchor, Text } from "@mantine/core";
import { Link } from "react-router";

import type { Schema } from "~/api/types";
import { Section } from "~/ui/Page";
import { Money } from "~/ui/small";

import classes from "./Balances.module.css";

type Balance = Schema<"Balance">;

/** What the models earned beside what training them cost; nothing where neither is counted. */
export function Balances({ money }: { money: Balance[] }) {
  if (money.length === 0) return null;
  return (
    <Section title="Money">
      {money.map((one) => (
        <dl key={one.currency} className={classes.balance}>
          {one.earned !== null && (
            <div>
              <dt>
                <Anchor component={Link} to="/serving" inherit>
                  Earned by models
                </Anchor>
              </dt>
              <dd>
                <Money amount={one.earned} currency={one.currency} signed />
                <Text size="xs" c="dimmed" ff="text" fw={400}>
                  more than without them
                </Text>
              </dd>
            </div>
          )}
          {one.spent !== null && (
            <div>
              <dt>
                <Anchor component={Link} to="/training" inherit>
                  Spent on training
                </Anchor>
              </dt>
              <dd>
                <Money amount={one.spent} currency={one.currency} />
                <Text size="xs" c="dimmed" ff="text" fw={400}>
                  runs that ended
                </Text>
              </dd>
            </div>
          )}
          {one.earned !== null && one.spent !== null && (
            <div>
              <dt>Left</dt>
              <dd>
                <Money amount={Number(one.earned) - Number(one.spent)} currency={one.currency} signed />
                <Text size="xs" c="dimmed" ff="text" fw={400}>
                  earned, less what was spent
                </Text>
              </dd>
            </div>
          )}
        </dl>
      ))}
    </Section>
  );
}
