import { useQuery, type UseQueryResult } from "@tanstack/react-query";

import { ApiError, problemFrom } from "./problem";

/** A file of the API as text: code, a log, an artifact. Files that a digest names never change, so one reading is enough. */
export function useText(path: string, { enabled = true }: { enabled?: boolean } = {}): UseQueryResult<string> {
  return useQuery({
    queryKey: [path, "text"],
    queryFn: async () => {
      const response = await fetch(path);
      if (!response.ok) throw new ApiError(problemFrom(await response.json().catch(() => null), response.status));
      return response.text();
    },
    staleTime: Infinity,
    meta: { immutable: true },
    enabled,
  });
}
