import type { MantineColorsTuple } from "@mantine/core";

/** Pomona's orchard: leaves, pears, quinces, pomegranates, plums, and the sky over it. */

export const leaf: MantineColorsTuple = [
  "#f1f7ec", "#e1eed8", "#c5ddb4", "#a5ca8d", "#87b76a", "#6da453", "#578f3e", "#41742e", "#335c26", "#26461e",
];
export const pear: MantineColorsTuple = [
  "#f8fae4", "#eff4c3", "#e2eb92", "#d2df60", "#c1d138", "#a9ba22", "#8b9a18", "#687511", "#505a10", "#3b430e",
];
export const quince: MantineColorsTuple = [
  "#fdf7e2", "#faedc0", "#f5dd8b", "#efcb54", "#e8ba2e", "#d8a31b", "#b78311", "#8c6209", "#6d4c0b", "#51390c",
];
export const pomegranate: MantineColorsTuple = [
  "#fdf0ee", "#fadcd8", "#f3b8b0", "#ea9086", "#df6a5f", "#cf4a41", "#b5352f", "#982924", "#78221e", "#5b1c18",
];
export const plum: MantineColorsTuple = [
  "#f8f2f8", "#ecddee", "#d8badb", "#c193c6", "#ac70b2", "#96559c", "#7f4285", "#69356e", "#522a56", "#3c2040",
];
export const sky: MantineColorsTuple = [
  "#eef5f9", "#d8e8f1", "#b2d2e3", "#87b8d2", "#5f9fc1", "#4287ac", "#317091", "#275b77", "#1f475d", "#173545",
];

/** Greys with a little of the bark in them. */
export const stone: MantineColorsTuple = [
  "#faf9f4", "#f3f1e9", "#e8e5d9", "#d8d4c5", "#bcb7a6", "#938e7d", "#666252", "#4c4a3d", "#34342b", "#21221c",
];

/** The dark theme: night among the trees. From text (0) over borders (4), cards (6), page (7) to wells (9). */
export const night: MantineColorsTuple = [
  "#e2e7db", "#c7cebf", "#a4ad9a", "#7d8775", "#434d3e", "#353e31", "#262d23", "#191f17", "#12170f", "#0c100b",
];

/** Colours of series in charts, in the order they are given out; each reads well on both themes. */
export const SERIES = [leaf[5], plum[4], quince[5], sky[4], pomegranate[4], pear[6]] as const;
