import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { render, type RenderResult } from "@testing-library/react";
import type { ReactNode } from "react";
import { createMemoryRouter, RouterProvider, type RouteObject } from "react-router";
import { vi } from "vitest";

import { LiveProvider } from "~/api/live";
import { newQueryClient } from "~/api/queries";
import { theme, variables } from "~/theme/theme";

/** Renders routes, or one element at "/", inside everything that `main.tsx` puts around them. */
export function show(what: ReactNode | RouteObject[], at = "/"): RenderResult & { url: () => string } {
  const routes = Array.isArray(what) ? (what as RouteObject[]) : [{ path: "*", element: what as ReactNode }];
  const router = createMemoryRouter(routes, { initialEntries: [at] });
  const shown = render(
    <MantineProvider theme={theme} cssVariablesResolver={variables} env="test">
      <QueryClientProvider client={newQueryClient()}>
        <LiveProvider>
          <RouterProvider router={router} />
        </LiveProvider>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { ...shown, url: () => router.state.location.pathname + router.state.location.search };
}

export type Answers = Record<string, unknown>;

/**
 * The API, answered from here: by path, or by "METHOD /path". A `Response` goes out as it is, a function gets
 * the request, any other value is sent as JSON. Returns the requests that came.
 */
export function answer(answers: Answers): Request[] {
  const seen: Request[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const request = input as Request;
    seen.push(request.clone());
    const path = new URL(request.url).pathname;
    const found = answers[`${request.method} ${path}`] ?? answers[path];
    const body: unknown = typeof found === "function" ? await (found as (request: Request) => unknown)(request) : found;
    if (body instanceof Response) return body;
    if (body === undefined) return problem(404, "not_found", `no ${path}`);
    return Response.json(body);
  });
  return seen;
}

/** A refusal as the server sends it. */
export function problem(status: number, code: string, detail: string, hint?: string): Response {
  return Response.json({ title: code, status, code, detail, hint }, { status, headers: { "content-type": "application/problem+json" } });
}
