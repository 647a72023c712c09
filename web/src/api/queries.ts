import {
  keepPreviousData,
  QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from "@tanstack/react-query";

import { api } from "./client";
import { ApiError } from "./problem";
import type { Answer, GetParams, GetPath, Item, PagePath } from "./types";

/** One cache for the whole page; the event feed says what in it is stale. */
export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        retry: (failures, error) => !(error instanceof ApiError) && failures < 2,
        refetchOnWindowFocus: true,
      },
    },
  });
}

/** Marks every cached answer stale, but those that can never change; what is on the screen is fetched again. */
export function refreshAll(client: QueryClient): void {
  void client.invalidateQueries({ predicate: (query) => !query.meta?.immutable });
}

/** Fetches as the hooks below do, outside of a component. */
export async function read<Path extends GetPath>(path: Path, params?: GetParams<Path>): Promise<Answer<Path>> {
  // The generated types prove path and params to the caller; inside, openapi-fetch cannot follow a generic path.
  const get = api.GET as unknown as (path: string, init: { params?: unknown }) => Promise<{ data: unknown }>;
  const { data } = await get(path, { params });
  return data as Answer<Path>;
}

/**
 * `GET path`, cached and kept fresh by the event feed. `immutable` answers (a data version, its profile, a
 * finished run) are fetched once.
 *
 *     const { data, error, isPending } = useGet("/api/v1/hypotheses/{ref}", { path: { ref } });
 */
export function useGet<Path extends GetPath>(
  path: Path,
  params?: GetParams<Path>,
  { immutable = false, ...options }: { immutable?: boolean; enabled?: boolean; refetchInterval?: number } = {},
): UseQueryResult<Answer<Path>> {
  return useQuery({
    queryKey: [path, params ?? {}],
    queryFn: () => read(path, params),
    placeholderData: keepPreviousData,
    meta: { immutable },
    ...(immutable && { staleTime: Infinity }),
    ...options,
  });
}

export interface Pages<Row> {
  rows: Row[];
  error: Error | null;
  isPending: boolean;
  hasMore: boolean;
  loadMore: () => void;
  isLoadingMore: boolean;
}

const LIVE_PAGES = 3;

/**
 * A paged list, page after page, as `Table` takes it.
 *
 *     const runs = usePages("/api/v1/runs", { query: { sort: state.sort } });
 *     <Table pages={runs} ... />
 *
 * `liveEveryMs`: for what no event tells of, asked for again so often, as long as the reader stays near the top.
 */
export function usePages<Path extends PagePath>(
  path: Path,
  params?: GetParams<Path>,
  { liveEveryMs = 0 }: { liveEveryMs?: number } = {},
): Pages<Item<Path>> {
  const query = useInfiniteQuery({
    queryKey: [path, params ?? {}, "pages"],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) => {
      const asked = { ...params, query: { ...(params as { query?: object })?.query, ...(pageParam && { cursor: pageParam }) } };
      return (await read(path, asked as unknown as GetParams<Path>)) as { items: Item<Path>[]; next_cursor: string | null };
    },
    getNextPageParam: (last) => last.next_cursor,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => liveEveryMs > 0 && (state.data?.pages.length ?? 0) <= LIVE_PAGES && liveEveryMs,
  });
  return {
    rows: query.data?.pages.flatMap((page) => page.items) ?? [],
    error: query.error,
    isPending: query.isPending,
    hasMore: query.hasNextPage,
    loadMore: () => void (query.hasNextPage && !query.isFetching && query.fetchNextPage()),
    isLoadingMore: query.isFetchingNextPage,
  };
}

/**
 * A change: runs `work`, then refreshes everything it may have touched.
 *
 *     const decide = useSend((body: NewDecision) =>
 *       api.POST("/api/v1/hypotheses/{ref}/decisions", { params: { path: { ref } }, body }));
 *     decide.mutate({ verdict: "go", reason: "..." });
 *
 * Show `decide.error` with `ErrorNotice`.
 */
export function useSend<Input, Output>(
  work: (input: Input) => Promise<{ data?: Output }>,
  options: { onDone?: (output: Output, input: Input) => void } = {},
): UseMutationResult<Output, Error, Input> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (input: Input) => (await work(input)).data as Output,
    onSuccess: (output, input) => {
      options.onDone?.(output, input);
      refreshAll(client);
    },
  });
}
