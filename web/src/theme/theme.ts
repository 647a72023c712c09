import {
  ActionIcon,
  Anchor,
  Badge,
  Button,
  Card,
  Code,
  createTheme,
  Modal,
  Paper,
  Tabs,
  Tooltip,
  type CSSVariablesResolver,
} from "@mantine/core";

import { leaf, night, pear, plum, pomegranate, quince, sky, stone } from "./palette";
import classes from "./theme.module.css";

// Only fonts that machines have: no page of ours asks a foreign host for anything.
const SANS =
  '-apple-system, "Segoe UI Variable Text", "Segoe UI", Roboto, Cantarell, Ubuntu, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif';
const SERIF =
  '"Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", P052, "Book Antiqua", "Source Serif 4", Charter, "Noto Serif", "Liberation Serif", Georgia, serif';
const MONO =
  'ui-monospace, "SF Mono", "Cascadia Code", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace';

export const theme = createTheme({
  primaryColor: "leaf",
  primaryShade: 7,
  autoContrast: true,
  luminanceThreshold: 0.28,
  colors: {
    leaf, pear, quince, pomegranate, plum, sky,
    gray: stone, dark: night, green: leaf, yellow: quince, red: pomegranate, blue: sky, grape: plum, lime: pear,
  },
  fontFamily: SANS,
  fontFamilyMonospace: MONO,
  headings: {
    fontFamily: SERIF,
    fontWeight: "600",
    textWrap: "balance",
    sizes: {
      h1: { fontSize: "1.875rem", lineHeight: "1.2" },
      h2: { fontSize: "1.375rem", lineHeight: "1.3" },
      h3: { fontSize: "1.125rem", lineHeight: "1.35" },
      h4: { fontSize: "1rem", lineHeight: "1.4" },
    },
  },
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.9375rem", lg: "1.0625rem", xl: "1.25rem" },
  defaultRadius: "md",
  radius: { xs: "3px", sm: "5px", md: "8px", lg: "14px", xl: "28px" },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Paper: Paper.extend({ classNames: { root: classes.surface } }),
    Card: Card.extend({ classNames: { root: classes.surface } }),
    Modal: Modal.extend({ classNames: { content: classes.surface, header: classes.surface }, defaultProps: { centered: true, closeButtonProps: { "aria-label": "Close" } } }),
    Badge: Badge.extend({ classNames: { root: classes.badge }, defaultProps: { variant: "light", radius: "sm" } }),
    Button: Button.extend({ defaultProps: { size: "sm" } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", color: "gray" } }),
    Anchor: Anchor.extend({ defaultProps: { underline: "hover" }, classNames: { root: classes.anchor } }),
    Code: Code.extend({ classNames: { root: classes.code } }),
    Tabs: Tabs.extend({ classNames: { tab: classes.tab } }),
    Tooltip: Tooltip.extend({ defaultProps: { withArrow: true, openDelay: 250 } }),
  },
});

const TINTED = ["leaf", "pear", "quince", "pomegranate", "plum", "sky"];

/** The soft backgrounds of badges, notices and light buttons: a breath of the colour over the surface. */
function tints(share: number): Record<string, string> {
  return Object.fromEntries(
    TINTED.flatMap((color) => [
      [`--mantine-color-${color}-light`, `color-mix(in srgb, var(--mantine-color-${color}-4) ${share}%, var(--surface))`],
      [`--mantine-color-${color}-light-hover`, `color-mix(in srgb, var(--mantine-color-${color}-4) ${share + 8}%, var(--surface))`],
    ]),
  );
}

/** Names for what colours are used for; components use these, not shades. */
export const variables: CSSVariablesResolver = () => ({
  variables: { "--mono": MONO, "--serif": SERIF },
  light: {
    ...tints(18),
    "--mantine-color-body": stone[0],
    "--mantine-color-text": stone[9],
    "--mantine-color-dimmed": stone[6],
    "--mantine-color-anchor": leaf[7],
    "--mantine-color-default-border": stone[3],
    "--mantine-color-placeholder": stone[6],
    "--surface": "#fffffc",
    "--surface-sunken": stone[1],
    "--surface-hover": leaf[0],
    "--line": stone[2],
    "--ink-leaf": leaf[7],
    "--ink-quince": quince[7],
    "--ink-pomegranate": pomegranate[6],
    "--ink-sky": sky[7],
    "--ink-plum": plum[7],
    "--vine": leaf[3],
    "--shadow": "0 1px 2px rgb(60 55 35 / 5%), 0 4px 14px rgb(60 55 35 / 5%)",
  },
  dark: {
    ...tints(16),
    "--mantine-color-body": night[7],
    "--mantine-color-text": night[0],
    "--mantine-color-dimmed": night[2],
    "--mantine-color-anchor": leaf[3],
    "--mantine-color-default-border": night[4],
    "--mantine-color-placeholder": night[2],
    "--surface": "#20271d",
    "--surface-sunken": night[8],
    "--surface-hover": "#2a3326",
    "--line": "#323b2e",
    "--ink-leaf": leaf[3],
    "--ink-quince": quince[3],
    "--ink-pomegranate": pomegranate[3],
    "--ink-sky": sky[3],
    "--ink-plum": plum[3],
    "--vine": leaf[7],
    "--shadow": "0 1px 2px rgb(0 0 0 / 30%), 0 4px 16px rgb(0 0 0 / 22%)",
  },
});
