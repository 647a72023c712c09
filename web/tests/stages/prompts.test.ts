import { describe, expect, it } from "vitest";

import type { Schema } from "~/api/types";
import { loading } from "~/stages/registry/prompts/recipes";
import { placesIn } from "~/stages/registry/prompts/Template";
import { chosenFrom, commandOf } from "~/stages/training/imports/words";

describe("prompts", () => {
  it("finds each place once, in the order of the text", () => {
    expect(placesIn("Dear {{ name }}, {{user.town}} {x} {{name}} {{ 1 }}")).toEqual(["name", "user.town"]);
    expect(placesIn("")).toEqual([]);
  });

  it("is loaded by its alias if it has one, and filled in with every place", () => {
    const shown = { prompt: "p", number: 3, aliases: ["live"], variables: ["name", "user.town"] } as unknown as Schema<"PromptText">;
    expect(loading(shown).sdk).toContain('load_prompt("prompts:/p@live")\nprompt.format(name="…", **{"user.town": "…"})');
    expect(loading({ ...shown, aliases: [] }).cli).toBe('pomona prompts fill p/3 name="…" user.town="…"');
  });
});

describe("imports", () => {
  const asked = { origin: "sqlite:///a b.db", credentials: "env:X", artifacts: "", trust: "it's ours", files: "leave" as const, experiments: ["churn", "a; rm"] };

  it("are told as a command that a shell takes as it is meant", () => {
    expect(commandOf(asked)).toBe(`pomona import mlflow --from 'sqlite:///a b.db' --credentials env:X --no-artifacts --trust 'it'\\''s ours' -e churn -e 'a; rm'`);
  });

  it("read which experiments were ticked from the address, and all from one that was cut", () => {
    expect(chosenFrom('["a","b"]')).toEqual(new Set(["a", "b"]));
    for (const cut of ["", '["a', "3"]) expect(chosenFrom(cut)).toBeNull();
  });
});
