import createClient, { type Middleware } from "openapi-fetch";

import { ApiError, problemFrom } from "./problem";
import type { paths } from "./schema";

/** A key that lets the server recognise a repeated request and answer it once. */
export function idempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const once: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET") request.headers.set("Idempotency-Key", idempotencyKey());
  },
};

const failing: Middleware = {
  async onResponse({ response }) {
    if (response.ok) return;
    const body: unknown = await response
      .clone()
      .json()
      .catch(() => null);
    throw new ApiError(problemFrom(body, response.status));
  },
};

/** The typed client of Pomona's own API; a call that fails throws an `ApiError`. */
export const api = createClient<paths>({
  baseUrl: typeof location === "undefined" ? "http://localhost" : location.origin,
  fetch: (request) => globalThis.fetch(request), // looked up at each call, so that tests can replace it
});
api.use(once, failing);
