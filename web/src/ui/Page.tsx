/** The frame of every page: where we are, what it is called, what can be done; and the blocks inside it. */
import { Anchor, Breadcrumbs, Card, Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useEffect, type ReactNode } from "react";
import { Link } from "react-router";

import classes from "./Page.module.css";

export interface Crumb {
  title: string;
  to: string;
}

/**
 *     <Page title="late-flights" crumbs={[{ title: "Business", to: "/business" }]} badge={<StateBadge state="go" />}
 *           lead="A warning at departure lets passengers rebook." actions={<Confirm .../>}>
 */
export function Page(props: {
  title: string;
  crumbs?: Crumb[];
  badge?: ReactNode;
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${props.title} · Pomona`;
  }, [props.title]);
  return (
    <Stack gap="lg">
      <header className={classes.header}>
        <div className={classes.titles}>
          {props.crumbs && (
            <Breadcrumbs separator="›" component="nav" aria-label="Where this page stands" className={classes.crumbs}>
              {props.crumbs.map((crumb) => (
                <Anchor key={crumb.to} component={Link} to={crumb.to} size="sm">
                  {crumb.title}
                </Anchor>
              ))}
            </Breadcrumbs>
          )}
          <Group gap="sm" align="center">
            <Title order={1}>{props.title}</Title>
            {props.badge}
          </Group>
          {props.lead && (
            <Text c="dimmed" maw="46rem" component="div">
              {props.lead}
            </Text>
          )}
        </div>
        {props.actions && <Group gap="xs">{props.actions}</Group>}
      </header>
      {props.children}
    </Stack>
  );
}

/** A card with a heading. */
export function Section(props: { title: string; note?: ReactNode; actions?: ReactNode; children: ReactNode; flush?: boolean }) {
  return (
    <Card component="section" withBorder padding="lg" className={classes.section} aria-label={props.title}>
      <Group justify="space-between" align="baseline" mb="sm" wrap="nowrap">
        <div>
          <Title order={2} size="h3">
            {props.title}
          </Title>
          {props.note && (
            <Text size="sm" c="dimmed" component="div">
              {props.note}
            </Text>
          )}
        </div>
        {props.actions && <Group gap="xs">{props.actions}</Group>}
      </Group>
      <div className={props.flush ? classes.flush : undefined}>{props.children}</div>
    </Card>
  );
}

/** Labels and values. `null` values are left out. */
export function Facts({ facts }: { facts: [label: string, value: ReactNode][] }) {
  return (
    <dl className={classes.facts}>
      {facts
        .filter(([, value]) => value !== null && value !== undefined)
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** A few large numbers in a row. */
export function Figures({ figures }: { figures: { label: string; value: ReactNode; note?: ReactNode }[] }) {
  return (
    <SimpleGrid cols={{ base: 2, sm: Math.min(figures.length, 4) }} spacing="md">
      {figures.map((figure) => (
        <Card key={figure.label} withBorder padding="md">
          <Text size="sm" c="dimmed">
            {figure.label}
          </Text>
          <div className={classes.figure}>{figure.value}</div>
          {figure.note && (
            <Text size="sm" c="dimmed" component="div">
              {figure.note}
            </Text>
          )}
        </Card>
      ))}
    </SimpleGrid>
  );
}
