/** The lines that do with a prompt what its pages do. */
import type { Schema } from "~/api/types";
import type { Recipe } from "~/ui/notices";

type Text = Schema<"PromptText">;

export const START: Recipe = {
  sdk: `mlflow.genai.register_prompt(\n    name="support-answer", template="Dear {{name}}, {{answer}}",\n    commit_message="says the name")`,
  cli: `pomona prompts new support-answer --text "Dear {{name}}, {{answer}}" -m "says the name"`,
};

/** Loads this version: by its alias if it has one, so that a program follows it. */
export function loading(shown: Text): Recipe {
  const ref = shown.aliases.length > 0 ? `${shown.prompt}@${shown.aliases[0]}` : `${shown.prompt}/${shown.number}`;
  const values = shown.variables.filter((name) => !name.includes(".")).map((name) => `${name}="…"`);
  return {
    sdk: `import mlflow\n\nprompt = mlflow.genai.load_prompt("prompts:/${ref}")\nprompt.format(${values.join(", ")})`,
    cli: `pomona prompts fill ${ref}${values.map((value) => ` ${value}`).join("")}`,
  };
}
