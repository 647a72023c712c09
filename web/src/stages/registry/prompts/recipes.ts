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
  const plain = shown.variables.filter((name) => !name.includes(".")).map((name) => `${name}="…"`);
  const dotted = shown.variables.filter((name) => name.includes(".")).map((name) => `"${name}": "…"`);
  return {
    sdk: `import mlflow\n\nprompt = mlflow.genai.load_prompt("prompts:/${ref}")\nprompt.format(${[...plain, ...(dotted.length > 0 ? [`**{${dotted.join(", ")}}`] : [])].join(", ")})`,
    cli: `pomona prompts fill ${ref}${shown.variables.map((name) => ` ${name}="…"`).join("")}`,
  };
}
