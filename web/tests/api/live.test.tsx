import { act, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { useEvents, useLiveState } from "~/api/live";

import { show } from "../render";

class FakeSource {
  static made: FakeSource[] = [];
  onopen: () => void = () => undefined;
  onerror: () => void = () => undefined;
  closed = false;
  private heard: (message: { data: string }) => void = () => undefined;

  constructor(readonly url: string) {
    FakeSource.made.push(this);
  }

  addEventListener(_name: string, listener: (message: { data: string }) => void): void {
    this.heard = listener;
  }

  close(): void {
    this.closed = true;
  }

  say(seq: number, type: string): void {
    this.heard({ data: JSON.stringify({ seq, type }) });
  }
}

function Watcher() {
  const [seen, setSeen] = useState<string[]>([]);
  useEvents((entry) => setSeen((old) => [...old, entry.type]), ["data.", "jobs.finished"]);
  return <p>{`${useLiveState()}: ${seen.join(" ")}`}</p>;
}

beforeEach(() => {
  FakeSource.made = [];
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", FakeSource);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a component hears the event types it asked for, and no others", () => {
  show(<Watcher />);
  const source = FakeSource.made.at(-1)!;
  act(() => {
    source.onopen();
    source.say(1, "data.version_committed");
    source.say(2, "business.decision_made");
    source.say(3, "jobs.finished");
  });
  expect(screen.getByText("live: data.version_committed jobs.finished")).toBeTruthy();
});

test("after a break the feed goes on behind the last entry that was seen", () => {
  show(<Watcher />);
  const first = FakeSource.made.at(-1)!;
  act(() => {
    first.onopen();
    first.say(41, "data.version_committed");
    first.onerror();
  });
  expect(screen.getByText(/^offline/)).toBeTruthy();
  expect(first.closed).toBe(true);
  act(() => void vi.advanceTimersByTime(500));
  const second = FakeSource.made.at(-1)!;
  expect(second.url).toBe("/api/v1/events/stream?after=41");
  act(() => second.onopen());
  expect(screen.getByText(/^live/)).toBeTruthy();
});
