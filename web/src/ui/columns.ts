/** Which columns a table shows and which stay at its left: chosen by its reader, remembered, carried by links. */
import { useCallback, useMemo } from "react";

import { useRemembered } from "./state";

/** What differs from how the table would be by itself. */
export interface Layout {
  /** Column -> whether it is shown. */
  shown: Record<string, boolean>;
  pinned: string[];
}

export const NO_LAYOUT: Layout = { shown: {}, pinned: [] };

/** "metric:loss,!took,^param:lr": shown, hidden, pinned. Commas and the like in names are escaped. */
export function layoutText({ shown, pinned }: Layout): string {
  const ids = [...new Set([...Object.keys(shown), ...pinned])];
  const escaped = (id: string) => encodeURIComponent(id).replaceAll("%3A", ":").replaceAll("!", "%21");
  return ids.map((id) => `${pinned.includes(id) ? "^" : shown[id] === false ? "!" : ""}${escaped(id)}`).join(",");
}

export function layoutFrom(text: string): Layout {
  const layout: Layout = { shown: {}, pinned: [] };
  for (const word of text.split(",").filter(Boolean)) {
    const sign = /^[!^]/.test(word) ? word[0] : "";
    let id = word.slice(sign ? 1 : 0);
    try {
      id = decodeURIComponent(id);
    } catch {
      continue; // a link that was cut
    }
    layout.shown[id] = sign !== "!";
    if (sign === "^") layout.pinned.push(id);
  }
  return layout;
}

export interface LayoutState {
  layout: Layout;
  setLayout: (next: Layout) => void;
}

/**
 * A table's layout: that of the link if it has one, else the one remembered under `id`. Changes go to both.
 *
 *     const columns = useLayout("runs", { text: view.cols, setText: (cols) => setView({ cols }) });
 */
export function useLayout(id: string, link?: { text: string; setText: (text: string) => void }): LayoutState {
  const [remembered, remember] = useRemembered<Layout>(`table.${id}.layout`, NO_LAYOUT);
  const text = link?.text ?? "";
  const layout = useMemo(() => (text ? layoutFrom(text) : remembered), [text, remembered]);
  const setText = link?.setText;
  const setLayout = useCallback(
    (next: Layout) => {
      remember(next);
      setText?.(layoutText(next));
    },
    [remember, setText],
  );
  return { layout, setLayout };
}
