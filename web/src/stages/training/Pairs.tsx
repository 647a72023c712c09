import classes from "./training.module.css";

/** Names and values as they were logged. */
export function Pairs({ pairs, label }: { pairs: Record<string, unknown>; label: string }) {
  return (
    <div className={classes.scrolled} tabIndex={0} role="region" aria-label={label}>
      <dl className={classes.pairs}>
        {Object.entries(pairs).map(([name, value]) => (
          <Pair key={name} name={name} value={typeof value === "string" ? value : JSON.stringify(value)} />
        ))}
      </dl>
    </div>
  );
}

function Pair({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
