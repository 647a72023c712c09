/** Conversations in what goes into and out of language models, whichever library sent them. */

export interface Message {
  role: string;
  text: string;
  calls: { name: string; arguments: unknown }[];
}

const ROLES: Record<string, string> = { human: "user", ai: "assistant", model: "assistant" };

/** The messages that a value holds; empty when it is no conversation. */
export function messagesOf(value: unknown): Message[] {
  if (Array.isArray(value)) {
    if (value.length === 1 && Array.isArray(value[0])) return messagesOf(value[0]); // LangChain: a batch of one
    const found = value.map(messageOf);
    return found.length > 0 && found.every((one) => one !== null) ? found : [];
  }
  if (!isObject(value)) return [];
  for (const name of ["messages", "input", "contents"]) if (Array.isArray(value[name])) return messagesOf(value[name]);
  if (Array.isArray(value.choices)) return value.choices.flatMap((choice) => (isObject(choice) ? messagesOf([choice.message]) : []));
  const alone = messageOf(value);
  return alone ? [alone] : [];
}

function messageOf(value: unknown): Message | null {
  if (!isObject(value)) return null;
  const role = typeof value.role === "string" ? value.role : typeof value.type === "string" && "content" in value ? value.type : null;
  if (role === null || !("content" in value || "tool_calls" in value || "parts" in value)) return null;
  return { role: ROLES[role] ?? role, text: textOf(value.content ?? value.parts), calls: callsOf(value) };
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return content === null || content === undefined ? "" : JSON.stringify(content, null, 2);
  return content
    .map((part) => {
      if (typeof part === "string") return part;
      if (!isObject(part)) return "";
      const said = part.text ?? part.content;
      return typeof said === "string" ? said : part.type === "tool_use" ? "" : `[${String(part.type ?? "part")}]`;
    })
    .filter(Boolean)
    .join("\n\n");
}

function callsOf(value: Record<string, unknown>): Message["calls"] {
  const listed = Array.isArray(value.tool_calls) ? value.tool_calls : Array.isArray(value.content) ? value.content.filter((part) => isObject(part) && part.type === "tool_use") : [];
  return listed.filter(isObject).map((call) => {
    const called = isObject(call.function) ? call.function : call;
    return { name: String(called.name ?? "tool"), arguments: parsed(called.arguments ?? called.args ?? called.input) };
  });
}

function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
