/** Runs in an address: the first twelve digits of each, so that hundreds fit. */

export const MOST_COMPARED = 300;
const DIGITS = 12;

export function compareLink(runs: { id: string }[]): string {
  // One more than are compared, so that the page can say that there were more.
  const ids = runs.slice(0, MOST_COMPARED + 1).map((run) => run.id.slice(0, DIGITS));
  return `/training/compare?runs=${ids.join(",")}`;
}

export function idsFrom(text: string): string[] {
  return every(text).slice(0, MOST_COMPARED);
}

/** Whether an address names more runs than are compared. */
export function tooMany(text: string): boolean {
  return every(text).length > MOST_COMPARED;
}

function every(text: string): string[] {
  return [...new Set(text.split(",").filter((id) => /^[0-9a-f]{8,32}$/.test(id)))];
}
