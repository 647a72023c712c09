/** Kinds of spans: how they are drawn and called. */
import {
  IconArrowsSort,
  IconBraces,
  IconDatabaseSearch,
  IconLink,
  IconMessage2,
  IconPoint,
  IconRobot,
  IconShieldCheck,
  IconTool,
  IconVector,
  IconChecklist,
  IconBrain,
  type Icon,
} from "@tabler/icons-react";

type Color = "leaf" | "plum" | "quince" | "sky" | "pear" | "gray";

const KINDS: Record<string, { color: Color; icon: Icon; name: string }> = {
  AGENT: { color: "plum", icon: IconRobot, name: "agent" },
  LLM: { color: "sky", icon: IconMessage2, name: "language model" },
  CHAT_MODEL: { color: "sky", icon: IconMessage2, name: "chat model" },
  TOOL: { color: "quince", icon: IconTool, name: "tool" },
  RETRIEVER: { color: "leaf", icon: IconDatabaseSearch, name: "retriever" },
  RERANKER: { color: "leaf", icon: IconArrowsSort, name: "reranker" },
  EMBEDDING: { color: "pear", icon: IconVector, name: "embedding" },
  CHAIN: { color: "gray", icon: IconLink, name: "chain" },
  WORKFLOW: { color: "plum", icon: IconLink, name: "workflow" },
  TASK: { color: "gray", icon: IconChecklist, name: "task" },
  PARSER: { color: "pear", icon: IconBraces, name: "parser" },
  GUARDRAIL: { color: "quince", icon: IconShieldCheck, name: "guardrail" },
  EVALUATOR: { color: "plum", icon: IconChecklist, name: "evaluator" },
  MEMORY: { color: "pear", icon: IconBrain, name: "memory" },
};

export function kindOfSpan(kind: string): { color: Color; icon: Icon; name: string } {
  return KINDS[kind] ?? { color: "gray", icon: IconPoint, name: kind === "UNKNOWN" ? "function" : kind.toLowerCase().replaceAll("_", " ") };
}
