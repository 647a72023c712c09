import { useCallback, useContext, useMemo, useState } from "react";
import { UNSAFE_DataRouterContext, useSearchParams } from "react-router";

/**
 * Filters, sorting, the open tab: state that a link must carry. Values equal to their default stay out of the URL.
 *
 *     const [view, setView] = useUrlState({ sort: "-at", state: "" });
 *     setView({ state: "failed" });
 */
export function useUrlState<Values extends Record<string, string>>(
  defaults: Values,
): [Values, (changes: Partial<Values>) => void] {
  const [params, setParams] = useSearchParams();
  const router = useContext(UNSAFE_DataRouterContext)?.router;
  const values = useMemo(
    () => Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, params.get(name) ?? value])) as Values,
    [params, JSON.stringify(defaults)], // written in place by callers: their text is what counts
  );
  const set = useCallback(
    (changes: Partial<Values>) => {
      // Of the address as it is, not as it was drawn last: a second change may come before the first is drawn.
      const next = new URLSearchParams(router ? router.state.location.search : params);
      for (const [name, value] of Object.entries(changes)) {
        if (value === undefined || value === defaults[name]) next.delete(name);
        else next.set(name, value);
      }
      setParams(next, { replace: true });
    },
    [setParams, router, params, defaults],
  );
  return [values, set];
}

/** State that this browser keeps under `name`: column widths, the collapsed side. */
export function useRemembered<Value>(name: string, initial: Value): [Value, (next: Value | ((old: Value) => Value)) => void] {
  const key = `pomona.${name}`;
  const [value, setValue] = useState<Value>(() => {
    try {
      const kept = localStorage.getItem(key);
      return kept === null ? initial : (JSON.parse(kept) as Value);
    } catch {
      return initial; // storage is off, or what it holds is from another version
    }
  });
  const set = useCallback(
    (next: Value | ((old: Value) => Value)) =>
      setValue((old) => {
        const now = typeof next === "function" ? (next as (old: Value) => Value)(old) : next;
        try {
          localStorage.setItem(key, JSON.stringify(now));
        } catch {
          // remembered until the page is closed, then
        }
        return now;
      }),
    [key],
  );
  return [value, set];
}
