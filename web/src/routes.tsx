import { Anchor } from "@mantine/core";
import { createBrowserRouter, isRouteErrorResponse, Link, useRouteError, type RouteObject } from "react-router";

import { ApiError } from "~/api/problem";

import { STAGES } from "./stages";
import { TRACE_ROUTES } from "./stages/trace";
import { ErrorNotice, Loading } from "./ui/notices";
import { Page } from "./ui/Page";
import { Shell } from "./ui/Shell";

/** Every page, each in a file of its own that is loaded when it is first opened. */
export const ROUTES: RouteObject[] = [
  {
    path: "/",
    Component: Shell,
    HydrateFallback: () => <Loading lines={8} />,
    children: [
      {
        ErrorBoundary: Failed,
        children: [
          { index: true, lazy: async () => ({ Component: (await import("./circle/CirclePage")).default }) },
          { path: "events", lazy: async () => ({ Component: (await import("./circle/EventsPage")).default }) },
          ...TRACE_ROUTES,
          ...STAGES.flatMap((stage) => stage.routes),
          { path: "*", Component: NotFound },
        ],
      },
    ],
  },
];

export const router = () => createBrowserRouter(ROUTES);

function Failed() {
  const error = useRouteError();
  if (isRouteErrorResponse(error)) return <NotFound />;
  return (
    <Page title="This page broke">
      <ErrorNotice error={error} retry={() => location.reload()} />
    </Page>
  );
}

function NotFound() {
  const problem = new ApiError({
    title: "NotFound",
    status: 404,
    code: "not_found",
    detail: `There is no page ${location.pathname}`,
    hint: "Ctrl-K finds every page, and opens any id that is pasted into it.",
  });
  return (
    <Page title="No such page">
      <ErrorNotice error={problem} />
      <Anchor component={Link} to="/">
        Back to the circle
      </Anchor>
    </Page>
  );
}
