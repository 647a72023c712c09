/** What the versions of a model are called, by id. */
import { useGet } from "~/api/queries";
import { shortId } from "~/ui/links";

/** `name("mv_…")` is "v3", or the short id until that is known. */
export function useVersionNames(model: string | undefined): (id: string) => string {
  const { data } = useGet("/api/v1/models/{name}", { path: { name: model ?? "" } }, { enabled: model !== undefined });
  const numbers = new Map(data?.versions.map((version) => [version.id, version.number]));
  return (id) => (numbers.has(id) ? `v${numbers.get(id)}` : shortId(id));
}
