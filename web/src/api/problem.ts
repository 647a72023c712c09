/** An error as the server tells it: RFC 9457 with a stable `code` and a `hint` that says what to do. */
export interface Problem {
  title: string;
  status: number;
  code: string;
  detail: string;
  hint?: string | null;
  extra?: Record<string, unknown>;
}

/** What every call of the API throws when it does not succeed. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "ApiError";
    this.problem = problem;
  }
}

/** The problem behind anything that was thrown, also when no server answered. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  if (error instanceof TypeError && /fetch|network|load/i.test(error.message)) {
    return {
      title: "Unreachable",
      status: 0,
      code: "unreachable",
      detail: "The server does not answer.",
      hint: "Is `pomona up` still running? The gateway goes on answering predictions meanwhile.",
    };
  }
  const detail = error instanceof Error ? error.message : String(error);
  return { title: "Unexpected", status: 0, code: "unexpected", detail, hint: "Reload the page; if it stays, report it." };
}

/** The answer's problem document, or one made from its status when the body is something else. */
export function problemFrom(body: unknown, status: number): Problem {
  if (typeof body === "object" && body !== null && "detail" in body) {
    return { title: "Error", code: "error", status, ...(body as Partial<Problem> & { detail: string }) };
  }
  return { title: "Error", code: "error", status, detail: `The server answered with status ${status}.` };
}

/**
 * What a refused form says, by the field it says it about ("payoffs.threshold"). Empty when the problem is
 * about no field: show it with `ErrorNotice` then.
 */
export function fieldErrors(error: unknown): Record<string, string> {
  if (!(error instanceof ApiError)) return {};
  const { extra, detail, hint } = error.problem;
  if (typeof extra?.field === "string") return { [extra.field]: hint ? `${detail}: ${hint}` : detail };
  if (!Array.isArray(extra?.fields)) return {};
  const fields = extra.fields as { key?: unknown; message?: unknown }[];
  return Object.fromEntries(fields.flatMap(({ key, message }) => (typeof key === "string" ? [aboutField(key, String(message))] : [])));
}

/** A field that is missing is named in the message, and its place (`data`: the whole body) by the key. */
function aboutField(key: string, message: string): [field: string, message: string] {
  const missing = /missing required field `([^`]+)`/.exec(message)?.[1];
  if (missing === undefined) return [key, message];
  return [key === "data" ? missing : `${key}.${missing}`, "This is needed"];
}
