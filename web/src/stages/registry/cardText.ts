/** A card's text in the parts that a page shows: the YAML header as it is, the Markdown without the ledger's comments. */
export function partsOf(text: string): { header: string; body: string } {
  const found = /^---\n([\s\S]*?\n)---\n/.exec(text);
  const body = (found ? text.slice(found[0].length) : text).replace(/^<!-- \/?pomona:[a-z]+(?: [0-9a-f]{8})? -->\n?/gm, "");
  return { header: found?.[1] ?? "", body: body.replace(/^# .*\n+/, "") }; // the page has the title already
}
