import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";

import { refreshAll } from "./queries";
import type { Entry } from "./types";

export type LiveState = "connecting" | "live" | "offline";
type Listener = (entry: Entry) => void;

const STREAM = "/api/v1/events/stream";
const RECONNECT_MS = [500, 1_000, 2_000, 5_000];
const REFRESH_EVERY_MS = 1_000; // a demo writes dozens of events a second; nobody reads that fast

interface Live {
  state: LiveState;
  listen: (listener: Listener) => () => void;
}

const LiveContext = createContext<Live>({ state: "connecting", listen: () => () => undefined });

/** Holds the page's one connection to the event feed and marks cached answers stale as things happen. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const listeners = useRef(new Set<Listener>());
  const [state, setState] = useState<LiveState>("connecting");

  useEffect(() => {
    const refresh = refresher(client);
    const close = follow((entry) => {
      refresh.soon();
      for (const listener of listeners.current) listener(entry);
    }, (now, resumed) => {
      setState(now);
      if (resumed) refreshAll(client); // something may have been missed
    });
    return () => {
      close();
      refresh.stop();
    };
  }, [client]);

  const live = useMemo<Live>(
    () => ({
      state,
      listen: (listener) => {
        listeners.current.add(listener);
        return () => void listeners.current.delete(listener);
      },
    }),
    [state],
  );
  return <LiveContext.Provider value={live}>{children}</LiveContext.Provider>;
}

/** Calls `handler` for each new ledger entry whose type starts with one of `types` (default: all). */
export function useEvents(handler: Listener, types: readonly string[] = [""]): void {
  const { listen } = useContext(LiveContext);
  const current = useRef(handler);
  const wanted = types.join(",");
  useEffect(() => {
    current.current = handler;
  });
  useEffect(
    () => listen((entry) => wanted.split(",").some((prefix) => entry.type.startsWith(prefix)) && current.current(entry)),
    [listen, wanted],
  );
}

/** Whether the feed is connected now. */
export function useLiveState(): LiveState {
  return useContext(LiveContext).state;
}

/**
 * Follows the event stream, from the last entry seen after a break, and not while the tab is hidden
 * (a browser opens six connections to one host, and a forgotten tab would hold one of them).
 */
function follow(onEntry: Listener, onState: (state: LiveState, resumed: boolean) => void): () => void {
  if (typeof EventSource === "undefined") return () => undefined;
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let seen: number | null = null;
  let broken = false;

  const open = () => {
    source?.close();
    source = new EventSource(seen === null ? STREAM : `${STREAM}?after=${seen}`);
    source.onopen = () => {
      failures = 0;
      onState("live", broken);
      broken = false;
    };
    source.addEventListener("entry", (message) => {
      const entry = JSON.parse((message as MessageEvent<string>).data) as Entry;
      seen = entry.seq;
      onEntry(entry);
    });
    source.onerror = () => {
      source?.close();
      broken = true;
      onState("offline", false);
      timer = setTimeout(open, RECONNECT_MS[Math.min(failures++, RECONNECT_MS.length - 1)]);
    };
  };
  const onVisibility = () => {
    clearTimeout(timer);
    if (document.hidden) {
      timer = setTimeout(() => {
        source?.close();
        broken = true;
      }, 30_000);
    } else if (broken) open();
  };

  open();
  document.addEventListener("visibilitychange", onVisibility);
  return () => {
    clearTimeout(timer);
    source?.close();
    document.removeEventListener("visibilitychange", onVisibility);
  };
}

/** Collects what happened for a moment, then refreshes what is on the screen, once. */
function refresher(client: QueryClient) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    soon: () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        refreshAll(client);
      }, REFRESH_EVERY_MS);
    },
    stop: () => clearTimeout(timer),
  };
}
