import { createSpotlight, Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from "@mantine/spotlight";
import { IconArrowRight, IconCircleDotted, IconHistory, IconMoonStars, IconRoute, IconSearch, type Icon } from "@tabler/icons-react";
import { useMantineColorScheme } from "@mantine/core";
import { createElement, useState } from "react";
import { useNavigate } from "react-router";

import { useGet } from "~/api/queries";
import { STAGES, stageOf, stageOfEvent } from "~/stages";

import { plainType } from "./format";
import { kindOf, pageOf, shortId } from "./links";

const [store, search] = createSpotlight();

export function openSearch(): void {
  search.open();
}

/** Ctrl-K: pages, an id pasted from anywhere, and what happened last. */
export function Search() {
  const [query, setQuery] = useState("");
  const navigate = useNavigate();
  const { toggleColorScheme } = useMantineColorScheme();
  const { data } = useGet("/api/v1/circle");
  const go = (to: string) => () => void navigate(to);
  const icon = (Sign: Icon) => createElement(Sign, { size: 18, stroke: 1.7, "aria-hidden": true });

  const pasted = query.trim();
  const page = pageOf(pasted);
  const ids: SpotlightActionData[] = page
    ? [
        { id: "open-id", label: `Open ${kindOf(pasted)}`, description: pasted, keywords: [pasted], leftSection: icon(IconArrowRight), onClick: go(page) },
        { id: "trace-id", label: "Trace it", description: "Back to the idea, forward to the money", keywords: [pasted], leftSection: icon(IconRoute), onClick: go(`/trace/${pasted}`) },
      ]
    : [];
  const pages: SpotlightActionData[] = [
    { id: "/", label: "The circle", description: "Home", leftSection: icon(IconCircleDotted), onClick: go("/") },
    ...STAGES.flatMap((stage) =>
      stage.pages.map((one) => ({
        id: one.path,
        label: stage.pages.length === 1 || one.path === stage.path ? stage.title : `${stage.title}: ${one.title}`,
        description: one.path === stage.path ? stage.does : one.title,
        keywords: [one.title, stage.key],
        leftSection: icon(stage.icon),
        onClick: go(one.path),
      })),
    ),
    { id: "/trace", label: "Trace", description: "What stands behind a record, and what came of it", leftSection: icon(IconRoute), onClick: go("/trace") },
    { id: "/events", label: "Events", description: "Everything that happened, newest first", leftSection: icon(IconHistory), onClick: go("/events") },
    { id: "theme", label: "Switch theme", description: "Light or dark", keywords: ["dark", "light"], leftSection: icon(IconMoonStars), onClick: () => toggleColorScheme() },
  ];
  const lately: SpotlightActionData[] = (data?.latest ?? []).flatMap((entry) => {
    const to = pageOf(entry.subject);
    const stage = stageOfEvent(entry.type);
    if (to === undefined) return [];
    const name = typeof entry.data.name === "string" ? entry.data.name : shortId(entry.subject);
    return [{ id: `event-${entry.seq}`, label: name, description: plainType(entry.type), keywords: [entry.subject], leftSection: icon(stage ? stageOf(stage).icon : IconHistory), onClick: go(to) }];
  });
  const actions: (SpotlightActionGroupData | SpotlightActionData)[] = [
    ...ids,
    { group: "Pages", actions: pages },
    ...(lately.length > 0 ? [{ group: "Lately", actions: lately }] : []),
  ];

  return (
    <Spotlight
      store={store}
      actions={actions}
      query={query}
      onQueryChange={setQuery}
      shortcut={["mod + K", "/"]}
      nothingFound="No page of that name. Ids open their record: paste one."
      highlightQuery
      scrollable
      maxHeight={420}
      searchProps={{ leftSection: icon(IconSearch), placeholder: "Go to a page, or paste an id", "aria-label": "Search" }}
    />
  );
}
