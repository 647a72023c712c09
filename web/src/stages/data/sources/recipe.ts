import type { Recipe } from "~/ui/notices";

/** The lines that bring the first version from a source. */
export const RECIPE: Recipe = {
  cli: `export SHOP_PASSWORD=...   # where pomona up is started\npomona sources add shop postgresql://reader@db/shop --credentials env:SHOP_PASSWORD\npomona sources extract shop --table orders --into orders --key id`,
  sdk: `import pomona\n\npom = pomona.connect()\npom.sources.add("shop", "postgresql", "postgresql://reader@db/shop", credentials="env:SHOP_PASSWORD")\npom.sources.feed("shop", "orders", table="orders", key=["id"])\npom.sources.extract("shop")`,
};

/** "name=value" lines as an object, for parameters of a query. Numbers and booleans as such. */
export function pairsOf(lines: string[]): Record<string, string | number | boolean> {
  const found: Record<string, string | number | boolean> = {};
  for (const line of lines) {
    const place = line.indexOf("=");
    if (place < 1) continue;
    const [name, value] = [line.slice(0, place).trim(), line.slice(place + 1).trim()];
    const number = Number(value);
    found[name] = value === "true" ? true : value === "false" ? false : value !== "" && Number.isFinite(number) ? number : value;
  }
  return found;
}
