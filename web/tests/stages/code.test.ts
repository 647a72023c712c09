import { expect, test } from "vitest";

import { codeLine, differingFiles, filesOf, verdictOf, type Code } from "~/stages/training/code/patch";
import { words } from "~/stages/training/Spent";

const COMMIT = "5".repeat(40);
const code = (diff: string | null, files: Record<string, string> = {}): Code => ({
  digest: null, git_commit: COMMIT, git_branch: null, git_repo: null, source: null, source_type: null, diff,
  changes: diff && diff !== "clean"
    ? { digest: diff, added: 2, removed: 1, size: 1, cut: false, kept_at: "2026-01-01T00:00:00Z", files: Object.entries(files).map(([path, digest]) => ({ path, digest, added: 1, removed: 0, left_out: "" })) }
    : null,
});

test("a patch is taken apart; what looks like a header inside of a hunk is a line", () => {
  const patch = "# left out, for it looks like a secret: .env\ndiff --git a/a b.py b/a b.py\nindex 1..2 100644\n--- a/a b.py\n+++ b/a b.py\n@@ -1,3 +1,3 @@ def f\n same\n--- gone\n+++ new\n+more\n-less\n\\ No newline at end of file\ndiff --git a/i.png b/i.png\nBinary files a/i.png and b/i.png differ\n";
  const [text, picture] = filesOf(patch);
  expect(text?.path).toBe("a b.py");
  expect(text?.lines.map((line) => line.kind)).toEqual(["hunk", "same", "removed", "added", "added", "removed", "note"]);
  expect(picture).toEqual({ path: "i.png", lines: [{ kind: "note", text: "Binary files a/i.png and b/i.png differ" }] });
  expect(filesOf("")).toEqual([]);
});

test("a run's code in a line", () => {
  expect(codeLine(code("a".repeat(64)))).toBe("555555555555 with uncommitted changes, 3 lines");
  expect(codeLine(code("clean"))).toBe("555555555555, nothing uncommitted");
  expect(codeLine(code(null))).toBe("555555555555");
  expect(codeLine({ ...code(null), git_commit: null })).toBeNull();
});

test("different code is said with the files that differ", () => {
  const [one, other] = [code("a".repeat(64), { "train.py": "1", "same.py": "2" }), code("b".repeat(64), { "same.py": "2" })];
  expect(differingFiles([one, other])).toEqual(["train.py"]);
  expect(differingFiles([one, { ...other, git_commit: "6".repeat(40) }])).toEqual([]);
  expect(verdictOf({ code: [one, other], same_code: false })).toContain("train.py");
  expect(verdictOf({ code: [one, one], same_code: true })).toContain("same code");
  expect(verdictOf({ code: [one, code(null)], same_code: null })).toContain("not known");
});

test("a sum says what it is made of", () => {
  expect(words({ runs: 4, seconds: 36_000, amount: "312", currency: "EUR", unpriced: 1 })).toBe("for 3 runs that have ended, 10 hours with all; 1 more ran on what has no price");
  expect(words({ runs: 1, seconds: 30, amount: "1", currency: "EUR", unpriced: 0 })).toBe("for 1 run that has ended, 30 seconds");
});
