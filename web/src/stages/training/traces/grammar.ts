/** The filter's grammar for traces, as far as its box must know it. */
import type { Schema } from "~/api/types";

import { fieldOf, fieldParts, quoted, type Place } from "../runs/query";

export type TraceNames = Schema<"TraceNames">;
export const NO_NAMES: TraceNames = { names: [], tags: [], feedback: [], expectations: [] };

export const SESSION = "metadata.`mlflow.trace.session`";
export const USER = "metadata.`mlflow.trace.user`";
const KEYS = ["trace.status", "trace.name", "trace.execution_time_ms", "trace.timestamp_ms", "trace.text", "trace.run_id", "trace.prompt", "span.name", "span.type", "span.status", "span.content", SESSION, USER];
const STATES = ["OK", "ERROR", "IN_PROGRESS"];
const TYPES = ["AGENT", "CHAIN", "CHAT_MODEL", "EMBEDDING", "LLM", "PARSER", "RERANKER", "RETRIEVER", "TOOL"];
const MOST = 30;

export const EXAMPLES: [filter: string, meaning: string][] = [
  ["trace.status = 'ERROR'", "those that failed; trace.name, trace.run_id …"],
  ["trace.execution_time_ms > 2000", "slower than two seconds"],
  ["trace.text ILIKE '%refund%'", "a word anywhere in inputs and outputs"],
  ["span.type = 'TOOL' and span.status = 'ERROR'", "both of one and the same span"],
  ["feedback.helpful = 'false'", "what people and judges said"],
  [`${SESSION} = 's-42'`, "one conversation"],
  ["tag.channel = 'mail'", "tags; a name with other signs in backticks"],
];

export function operatorsOf(field: string): string[] {
  const [entity, name] = fieldParts(field);
  if (/_(ms|time)$|^timestamp$/.test(name)) return [">", ">=", "<", "<=", "=", "!="];
  if (name === "text" || name === "content") return ["LIKE", "ILIKE"];
  if (name === "prompt") return ["="];
  const text = ["=", "!=", "LIKE", "ILIKE", "RLIKE"];
  if (/^(feedback|expectation)$/.test(entity)) return [...text, ">", ">=", "<", "<=", "IS NULL", "IS NOT NULL"];
  return /^(tag|metadata)/.test(entity) ? [...text, "IS NULL", "IS NOT NULL"] : [...text, "IN"];
}

function valuesOf(field: string, names: TraceNames): string[] {
  const [entity, name] = fieldParts(field);
  if (entity === "span") return name === "type" ? TYPES : name === "status" ? ["OK", "ERROR", "UNSET"] : [];
  if (entity === "feedback") return ["true", "false"];
  return name === "status" ? STATES : name === "name" ? names.names : [];
}

/** What may be written at a place. */
export function offered(place: Place, names: TraceNames): string[] {
  const word = place.word.replace(/^['"]/, "").toLowerCase();
  const fits = (one: string) => one.toLowerCase().includes(word) && one !== place.word;
  switch (place.kind) {
    case "key":
      return [
        ...KEYS,
        ...names.feedback.map((name) => fieldOf("feedback", name)),
        ...names.tags.map((name) => fieldOf("tag", name)),
        ...names.expectations.map((name) => fieldOf("expectation", name)),
      ].filter(fits).slice(0, MOST);
    case "operator":
      return operatorsOf(place.key!).filter(fits);
    case "value":
      return valuesOf(place.key!, names).map(quoted).filter(fits).slice(0, MOST);
    case "and":
      return ["and"].filter(fits);
  }
}
