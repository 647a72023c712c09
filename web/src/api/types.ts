import type { HttpMethod } from "openapi-typescript-helpers";

import type { components, paths } from "./schema";

/**
 * A value as the server sends it. In the schema a field with a default is optional, because a request may
 * leave it out; an answer always has it.
 */
export type Sent<T> = T extends (infer Item)[]
  ? Sent<Item>[]
  : T extends object
    ? { [Key in keyof T]-?: Sent<Exclude<T[Key], undefined>> }
    : T;

/** A schema of the API by name, as the server sends it: `Schema<"Hypothesis">`. */
export type Schema<Name extends keyof components["schemas"]> = Sent<components["schemas"][Name]>;

/** Paths that can be read. */
export type GetPath = {
  [Path in keyof paths]: paths[Path] extends { get: { responses: unknown } } ? Path : never;
}[keyof paths];

type Body<Responses> = Responses extends { 200: { content: { "application/json": infer Json } } } ? Json : never;

/** What `GET path` answers: `Answer<"/api/v1/circle">`. */
export type Answer<Path extends GetPath> = paths[Path] extends { get: { responses: infer Responses } }
  ? Sent<Body<Responses>>
  : never;

/** `params` of a `GET`: `{path: {...}, query: {...}}`, as far as the path has them. */
export type GetParams<Path extends GetPath> = paths[Path] extends { get: { parameters: infer Parameters } }
  ? { [Key in "path" | "query" as Key extends keyof Parameters ? Key : never]?: Key extends keyof Parameters ? Parameters[Key] : never }
  : never;

/** Paths whose answer is one page of a list. */
export type PagePath = {
  [Path in GetPath]: Answer<Path> extends { items: unknown[]; next_cursor: unknown } ? Path : never;
}[GetPath];

/** One item of a paged list: `Item<"/api/v1/hypotheses">`. */
export type Item<Path extends PagePath> = Answer<Path> extends { items: (infer One)[] } ? One : never;

export type WriteMethod = Exclude<HttpMethod, "get" | "head" | "options" | "trace">;

export type Entry = Schema<"Entry">;
export type CircleState = Answer<"/api/v1/circle">;
export type StageState = CircleState["stages"][number];
export type Mood = StageState["state"];
