/** The endpoints there are: few, so all at once. */
import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";

export function useEndpoints(): { endpoints: Schema<"Endpoint">[]; isPending: boolean; error: Error | null } {
  const { data, isPending, error } = useGet("/api/v1/endpoints", { query: { limit: 200 } });
  return { endpoints: data?.items ?? [], isPending, error };
}
