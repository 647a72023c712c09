/** Uncommitted changes as text, taken apart file by file; and a run's code in one line. */
import type { Schema } from "~/api/types";

export type Code = Schema<"RunCode">;
export type LineKind = "added" | "removed" | "hunk" | "note" | "same";

export interface PatchFile {
  path: string;
  lines: { kind: LineKind; text: string }[];
}

const START = /^diff --git "?a\/.*?"? "?b\/(.*?)"?$/;
const HUNK = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;
const HIDDEN = /^(?:index |--- |\+\+\+ |old mode|new mode|similarity index|deleted file mode|new file mode)/;

/** The files of a patch, each with its lines; what stands before the first says what is not in it, and is left out. */
export function filesOf(patch: string): PatchFile[] {
  const files: PatchFile[] = [];
  let [old, fresh] = [0, 0]; // lines that the hunk still has of either side: "--- x" may be a removed line
  for (const line of patch.replace(/\n$/, "").split("\n")) {
    const start = START.exec(line);
    if (start) {
      files.push({ path: start[1] ?? "", lines: [] });
      [old, fresh] = [0, 0];
      continue;
    }
    const file = files.at(-1);
    if (!file) continue;
    if (old <= 0 && fresh <= 0) {
      const hunk = HUNK.exec(line);
      if (hunk) [old, fresh] = [Number(hunk[1] ?? 1), Number(hunk[2] ?? 1)];
      if (!HIDDEN.test(line) && line !== "") file.lines.push({ kind: hunk ? "hunk" : "note", text: line });
      continue;
    }
    const sign = line[0] ?? " ";
    if (sign !== "+") old -= sign === "\\" ? 0 : 1;
    if (sign !== "-") fresh -= sign === "\\" ? 0 : 1;
    file.lines.push({ kind: sign === "+" ? "added" : sign === "-" ? "removed" : sign === "\\" ? "note" : "same", text: line });
  }
  return files;
}

/** "3f9c1a7e20bd with uncommitted changes, 12 lines"; null if no commit is known. */
export function codeLine(code: Code): string | null {
  const named = (code.git_commit ?? code.digest)?.slice(0, 12);
  if (!named) return null;
  if (code.diff == null) return named;
  if (code.diff === "clean") return `${named}, nothing uncommitted`;
  const lines = (code.changes?.added ?? 0) + (code.changes?.removed ?? 0);
  return `${named} with uncommitted changes${lines > 0 ? `, ${lines.toLocaleString("en-US")} ${lines === 1 ? "line" : "lines"}` : ""}`;
}

/** Whether runs ran the same code, in a sentence. */
export function verdictOf({ code, same_code }: { code: Code[]; same_code?: boolean | null }): string {
  if (same_code === true) return "All of them ran the same code.";
  if (same_code !== false) return "Whether they ran the same code is not known of all.";
  const files = differingFiles(code);
  const some = files.slice(0, 4).join(", ");
  if (files.length === 0) return "They ran different code.";
  return `They ran different code: one commit, but other uncommitted changes in ${some}${files.length > 4 ? ` and ${files.length - 4} more` : ""}.`;
}

/** Files whose uncommitted changes are not the same in all; none unless all stand on one commit. */
export function differingFiles(codes: Code[]): string[] {
  const commits = new Set(codes.map((code) => code.git_commit));
  if (commits.size !== 1 || !codes[0]?.git_commit || codes.some((code) => !code.diff)) return [];
  const parts = codes.map((code) => new Map((code.changes?.files ?? []).map((file) => [file.path, file.digest || file.left_out])));
  const paths = [...new Set(parts.flatMap((part) => [...part.keys()]))].sort();
  return paths.filter((path) => new Set(parts.map((part) => part.get(path))).size > 1);
}
