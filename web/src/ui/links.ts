/** What the prefix of an id stands for, and where its page is. */
const KINDS: Record<string, { kind: string; page: (id: string) => string }> = {
  hyp: { kind: "hypothesis", page: (id) => `/business/${id}` },
  dec: { kind: "decision", page: (id) => `/business/decisions/${id}` },
  dat: { kind: "dataset", page: (id) => `/data/${id}` },
  ver: { kind: "data version", page: (id) => `/data/versions/${id}` },
  src: { kind: "source", page: (id) => `/data/sources/${id}` },
  fst: { kind: "file set", page: (id) => `/data/files/${id}` },
  fsv: { kind: "version of a file set", page: (id) => `/data/files/versions/${id}` },
  mrt: { kind: "mart", page: (id) => `/data/marts/${id}` },
  bld: { kind: "mart build", page: (id) => `/data/marts/builds/${id}` },
  ent: { kind: "training entry", page: (id) => `/training/entries/${id}` },
  run: { kind: "run", page: (id) => `/training/runs/${id}` },
  mdl: { kind: "model", page: (id) => `/registry/${id}` },
  prm: { kind: "prompt", page: (id) => `/registry/prompts/${id}` },
  prv: { kind: "version of a prompt", page: (id) => `/registry/prompts/versions/${id}` },
  whk: { kind: "webhook", page: (id) => `/registry/webhooks/${id}` },
  apr: { kind: "approval", page: (id) => `/trace/${id}` },
  gat: { kind: "gate check", page: (id) => `/trace/${id}` },
  mv: { kind: "model version", page: (id) => `/registry/versions/${id}` },
  end: { kind: "endpoint", page: (id) => `/releases/endpoints/${id}` },
  rel: { kind: "release", page: (id) => `/releases/${id}` },
  prd: { kind: "prediction", page: (id) => `/serving/predictions/${id}` },
  out: { kind: "outcome", page: (id) => `/trace/${id}` },
  mon: { kind: "monitor", page: (id) => `/monitoring/${id}` },
  win: { kind: "window", page: (id) => `/monitoring/windows/${id}` },
  inc: { kind: "incident", page: (id) => `/monitoring/incidents/${id}` },
  trg: { kind: "trigger", page: (id) => `/loop/triggers/${id}` },
  rea: { kind: "reaction", page: (id) => `/loop/reactions/${id}` },
  trace: { kind: "trace of an application", page: (id) => `/training/traces/${id}` },
  evaluation: { kind: "evaluation dataset", page: (id) => `/training/evaluations/${id}` },
  job: { kind: "job", page: (id) => `/loop/jobs/${id}` },
};

/** Most ids end in a ULID; that of a prediction is a digest, whose alphabet has every letter up to v. */
const ID = "([a-z]{2,3})_[0-9a-z]{26}";
const WHOLE_ID = new RegExp(`^${ID}$`);
const ID_IN_TEXT = new RegExp(`\\b${ID}\\b`, "g");
const RUN_ID = /^[0-9a-f]{32}$/;
const TRACE_ID = /^tr-[0-9a-f]{32}$/;
const EVALUATION_ID = /^d-[0-9a-f]{32}$/;

function prefixOf(id: string): string | undefined {
  if (RUN_ID.test(id)) return "run";
  if (TRACE_ID.test(id)) return "trace";
  if (EVALUATION_ID.test(id)) return "evaluation";
  return WHOLE_ID.exec(id)?.[1];
}

/** "data version" for `ver_…`; undefined when it is no id of a record. */
export function kindOf(id: string): string | undefined {
  return KINDS[prefixOf(id) ?? ""]?.kind;
}

/** The page of a record; undefined when it is no id of a record. */
export function pageOf(id: string): string | undefined {
  return KINDS[prefixOf(id) ?? ""]?.page(id);
}

/** A sentence cut where ids of records stand in it. */
export function cutAtIds(text: string): string[] {
  const cuts = [...text.matchAll(ID_IN_TEXT)].flatMap((found) => [found.index, found.index + found[0].length]);
  return [0, ...cuts].map((from, place) => text.slice(from, cuts[place] ?? text.length)).filter((part) => part !== "");
}

/** An id short enough for a table: its kind and its last, most telling characters. */
export function shortId(id: string): string {
  if (RUN_ID.test(id)) return id.slice(0, 8);
  if (TRACE_ID.test(id)) return id.slice(0, 11);
  const prefix = WHOLE_ID.exec(id)?.[1];
  return prefix ? `${prefix}_…${id.slice(-6)}` : id.length > 20 ? `${id.slice(0, 12)}…` : id;
}
