/** The filter's grammar as far as its box must know it: what may come next, and conditions written rightly. */

const KEY = '(?:[A-Za-z]+\\.(?:`[^`]*`?|"[^"]*"?|[\\w./-]*)|[A-Za-z_]\\w*)';
const OP = "(?:!=|>=|<=|=|>|<|(?:NOT\\s+)?I?LIKE|(?:NOT\\s+)?IN|IS\\s+(?:NOT\\s+)?NULL)";
const VALUE = "(?:'[^']*'|\"[^\"]*\"|-?[\\d.][\\d.eE+-]*|\\([^)]*\\))";

const AT_KEY = new RegExp(`^\\s*(${KEY})?$`);
const AT_OP = new RegExp(`^\\s*(${KEY})\\s+([!=<>]*|[A-Za-z ]*)$`);
const AT_VALUE = new RegExp(`^\\s*(${KEY})\\s*(${OP})\\s*(['"]?[^'"]*)$`, "i");
const DONE = new RegExp(`^\\s*${KEY}\\s*(?:${OP}\\s*${VALUE}|IS\\s+(?:NOT\\s+)?NULL)\\s+(\\w*)$`, "i");

export const ATTRIBUTES = ["run_name", "status", "user_id", "start_time", "end_time", "run_id"].map((name) => `attributes.${name}`);
export const STATUSES = ["RUNNING", "FINISHED", "FAILED", "KILLED", "SCHEDULED"];

/** Where the writer is: which kind of word comes next, and what of it is there. */
export interface Place {
  kind: "key" | "operator" | "value" | "and";
  /** The word so far, which a suggestion replaces: from here to the caret. */
  from: number;
  word: string;
  /** The key that the operator or value belongs to. */
  key?: string;
}

/** What may be written at the caret; null where nobody can say. */
export function placeOf(text: string, caret: number): Place | null {
  const before = text.slice(0, caret);
  // Quoted words may hold " and ": they are blanked out, letter by letter, to find where the condition begins.
  const plain = before.replace(/'[^']*'?|"[^"]*"?|`[^`]*`?/g, (quoted) => "x".repeat(quoted.length));
  const start = Math.max(0, ...[...plain.matchAll(/\sand\s+/gi)].map((found) => found.index + found[0].length));
  const clause = before.slice(start);
  const at = (kind: Place["kind"], word: string, key?: string): Place => ({ kind, word, from: caret - word.length, ...(key !== undefined && { key }) });
  const key = AT_KEY.exec(clause);
  if (key) return at("key", key[1] ?? "");
  const done = DONE.exec(clause);
  if (done) return at("and", done[1] ?? "");
  const value = AT_VALUE.exec(clause);
  if (value && !/NULL$/i.test(value[2]!)) return at("value", value[3] ?? "", value[1]!);
  const operator = AT_OP.exec(clause);
  if (operator) return at("operator", (operator[2] ?? "").trimStart(), operator[1]!);
  return null;
}

export type Entity = "metrics" | "params" | "tags" | "attributes";
/** What other grammars name. */
export type TraceEntity = "tag" | "metadata" | "feedback" | "expectation";

/** `metrics.loss`, or with backticks where the name needs them. */
export function fieldOf(entity: Entity | TraceEntity, name: string): string {
  return /^\w+$/.test(name) ? `${entity}.${name}` : `${entity}.\`${name}\``;
}

/** Its entity and its bare name; a word alone is an attribute. */
export function fieldParts(field: string): [entity: string, name: string] {
  const dot = field.indexOf(".");
  if (dot < 0) return ["attributes", field];
  return [field.slice(0, dot), field.slice(dot + 1).replace(/^[`"]|[`"]$/g, "")];
}

/** The operators that a field takes. */
export function operatorsOf(field: string): string[] {
  const [entity, name] = fieldParts(field);
  if (/^metric/.test(entity) || /_time$/.test(name)) return ["<", "<=", "=", "!=", ">=", ">"];
  const text = ["=", "!=", "LIKE", "ILIKE"];
  return /^attr/.test(entity) ? (name === "run_id" ? [...text, "IN"] : text) : [...text, "IS NULL", "IS NOT NULL"];
}

/** A text as the grammar quotes it. */
export function quoted(value: string): string {
  return value.includes("'") ? `"${value}"` : `'${value}'`;
}

/** Joined by `and`; a condition that is there already is not written twice. */
export function withCondition(filter: string, condition: string): string {
  if (filter.trim() === "") return condition;
  return filter.split(/\s+and\s+/i).includes(condition) ? filter : `${filter.trim()} and ${condition}`;
}

export interface Names {
  metrics: string[];
  params: string[];
  tags: string[];
}

const MOST = 30;

/** Suggestions for a place; `values` are those that the server knows of the place's field. */
export function suggestions(place: Place, names: Names, values: string[]): string[] {
  const fits = (word: string) => word.toLowerCase().includes(place.word.toLowerCase()) && word !== place.word;
  switch (place.kind) {
    case "key": {
      const all = [
        ...names.metrics.map((name) => fieldOf("metrics", name)),
        ...names.params.map((name) => fieldOf("params", name)),
        ...ATTRIBUTES,
        ...names.tags.map((name) => fieldOf("tags", name)),
      ];
      // What begins as the word does comes before what only holds it.
      const begins = (word: string) => Number(word.toLowerCase().startsWith(place.word.toLowerCase()) || word.includes(`.${place.word}`));
      return all.filter(fits).sort((a, b) => begins(b) - begins(a)).slice(0, MOST);
    }
    case "operator":
      return operatorsOf(place.key!).filter(fits);
    case "value": {
      const word = place.word.replace(/^['"]/, "").toLowerCase();
      return values.filter((value) => value.toLowerCase().includes(word)).map(quoted).filter((value) => value !== place.word).slice(0, MOST);
    }
    case "and":
      return ["and"].filter(fits);
  }
}

/** The text with the suggestion in the word's place, and where the caret stands then. */
export function completed(text: string, place: Place, suggestion: string): { text: string; caret: number } {
  const done = `${text.slice(0, place.from)}${suggestion} `;
  return { text: done + text.slice(place.from + place.word.length).trimStart(), caret: done.length };
}
