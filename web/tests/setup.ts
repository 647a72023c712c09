/** What a browser has and jsdom has not. */
import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";

configure({ asyncUtilTimeout: 20_000 }); // a machine with other work is slow; what comes at once is waited for no longer

afterEach(() => {
  cleanup();
  localStorage.clear();
});

Object.defineProperty(window, "matchMedia", {
  value: (query: string) => ({
    matches: false,
    media: query,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
    addListener: () => undefined,
    removeListener: () => undefined,
  }),
});

class NoObserver {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

window.ResizeObserver = NoObserver;
window.scrollTo = () => undefined;
window.HTMLElement.prototype.scrollIntoView = () => undefined;

// jsdom lays nothing out: a table's row gets its height, anything else that of a screen.
const height = {
  get(this: HTMLElement) {
    return this.tagName === "TR" ? 42 : 640;
  },
};
const width = { get: () => 1000 };
Object.defineProperties(window.HTMLElement.prototype, {
  offsetWidth: width,
  offsetHeight: height,
  clientWidth: width,
  clientHeight: height,
});

// A text field that grows with its text measures again when a font arrives.
Object.defineProperty(document, "fonts", { value: new EventTarget() });
