import { ActionIcon, AppShell, Burger, Group, Kbd, NavLink, ScrollArea, Text, Tooltip, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCircleDotted, IconHistory, IconMoon, IconRoute, IconSearch, IconSun } from "@tabler/icons-react";
import { Suspense, useEffect } from "react";
import { Link, Outlet, useLocation, useNavigation } from "react-router";

import { useLiveState } from "~/api/live";
import { useGet } from "~/api/queries";
import type { CircleState, Mood } from "~/api/types";
import { STAGES } from "~/stages";
import type { Stage } from "~/stages/stage";

import { Loading } from "./notices";
import { openSearch, Search } from "./Search";
import classes from "./Shell.module.css";

/** Everything around a page: the side with the stages, search, theme, and whether the feed is live. */
export function Shell() {
  const [open, { toggle, close }] = useDisclosure();
  const { pathname } = useLocation();
  const moving = useNavigation().state === "loading";
  useEffect(close, [pathname, close]);
  return (
    <AppShell
      layout="alt"
      header={{ height: { base: 52, sm: 0 } }}
      navbar={{ width: 232, breakpoint: "sm", collapsed: { mobile: !open } }}
      padding={{ base: "md", md: "xl" }}
    >
      <a href="#main" className="skip">
        To the page
      </a>
      <AppShell.Header hiddenFrom="sm" className={classes.header}>
        <Burger opened={open} onClick={toggle} size="sm" aria-label="Navigation" />
        <Brand />
      </AppShell.Header>
      <AppShell.Navbar className={classes.side} aria-label="Stages">
        <AppShell.Section className={classes.top}>
          <Brand />
          <Burger hiddenFrom="sm" opened={open} onClick={toggle} size="sm" aria-label="Close navigation" />
        </AppShell.Section>
        <UnstyledButton className={classes.search} onClick={openSearch}>
          <IconSearch size={15} aria-hidden />
          <span>Search</span>
          <Kbd size="xs">Ctrl K</Kbd>
        </UnstyledButton>
        <AppShell.Section grow component={ScrollArea} type="scroll" className={classes.list}>
          <Stages pathname={pathname} />
        </AppShell.Section>
        <AppShell.Section className={classes.foot}>
          <Live />
          <ThemeSwitch />
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} className={classes.main} aria-busy={moving}>
        <div className={classes.page}>
          <Suspense fallback={<Loading lines={8} />}>
            <Outlet />
          </Suspense>
        </div>
      </AppShell.Main>
      <Search />
    </AppShell>
  );
}

function Brand() {
  return (
    <Link to="/" className={classes.brand}>
      <img src="/pomona.svg" alt="" width={30} height={30} />
      <span>Pomona</span>
    </Link>
  );
}

function Stages({ pathname }: { pathname: string }) {
  const { data } = useGet("/api/v1/circle");
  return (
    <>
      <Entry to="/" label="The circle" icon={<IconCircleDotted size={17} stroke={1.7} aria-hidden />} active={pathname === "/"} />
      <Text component="p" className={classes.caption}>
        Stages
      </Text>
      {STAGES.map((stage) => (
        <StageEntry key={stage.key} stage={stage} pathname={pathname} mood={moodOf(data, stage)} />
      ))}
      <Text component="p" className={classes.caption}>
        Ledger
      </Text>
      <Entry to="/trace" label="Trace" icon={<IconRoute size={17} stroke={1.7} aria-hidden />} active={pathname.startsWith("/trace")} />
      <Entry to="/events" label="Events" icon={<IconHistory size={17} stroke={1.7} aria-hidden />} active={pathname === "/events"} />
    </>
  );
}

function StageEntry({ stage, pathname, mood }: { stage: Stage; pathname: string; mood: Mood | undefined }) {
  const inside = pathname === stage.path || pathname.startsWith(`${stage.path}/`);
  const Sign = stage.icon;
  return (
    <>
      <Entry
        to={stage.path}
        label={stage.title}
        icon={<Sign size={17} stroke={1.7} aria-hidden />}
        active={inside}
        current={pathname === stage.path}
        number={stage.number}
        mood={mood}
      />
      {inside &&
        stage.pages.length > 1 &&
        stage.pages.map((page) => (
          <NavLink
            key={page.path}
            component={Link}
            to={page.path}
            label={page.title}
            active={pathname === page.path}
            {...(pathname === page.path && { "aria-current": "page" as const })}
            className={`${classes.entry} ${classes.sub}`}
          />
        ))}
    </>
  );
}

function Entry(props: { to: string; label: string; icon: React.ReactNode; active: boolean; current?: boolean; number?: string; mood?: Mood | undefined }) {
  const { mood, current = props.active } = props;
  return (
    <NavLink
      component={Link}
      to={props.to}
      label={props.label}
      leftSection={props.icon}
      rightSection={
        <Group gap={7} wrap="nowrap">
          {(mood === "attention" || mood === "busy") && (
            <Tooltip label={mood === "busy" ? "at work" : "needs a look"} position="right">
              <span className={classes.dot} data-mood={mood} role="img" aria-label={mood === "busy" ? "at work" : "needs a look"} />
            </Tooltip>
          )}
          {props.number && <span className={classes.number}>{props.number}</span>}
        </Group>
      }
      active={props.active}
      {...(current && { "aria-current": "page" as const })}
      className={classes.entry}
    />
  );
}

/** Registry shares a place in the circle with training, so it has no state of its own there. */
function moodOf(circle: CircleState | undefined, stage: Stage): Mood | undefined {
  return circle && [...circle.stages, circle.loop].find((one) => one.stage === stage.key)?.state;
}

const LIVE = {
  live: ["live", "Changes appear as they happen"],
  connecting: ["connecting", "Connecting to the event feed"],
  offline: ["offline", "The server does not answer; trying again"],
} as const;

function Live() {
  const state = useLiveState();
  const [label, hint] = LIVE[state];
  return (
    <Tooltip label={hint} position="top-start">
      <span className={classes.live} data-state={state} role="status">
        <span className={classes.beat} aria-hidden />
        {label}
      </span>
    </Tooltip>
  );
}

function ThemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  const label = dark ? "Light theme" : "Dark theme";
  return (
    <Tooltip label={label}>
      <ActionIcon onClick={() => setColorScheme(dark ? "light" : "dark")} aria-label={label}>
        {dark ? <IconSun size={18} /> : <IconMoon size={18} />}
      </ActionIcon>
    </Tooltip>
  );
}
