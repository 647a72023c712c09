"""Use cases: keep what was not committed, show it."""

import re
from collections.abc import Sequence

import msgspec

from pomona.core.errors import Invalid, NotFound
from pomona.core.ports import Blobs, Clock, Database, Transaction
from pomona.training.code import rules, store
from pomona.training.code.records import (
    BRANCH_TAG,
    CLEAN,
    COMMIT_TAG,
    DIFF_TAG,
    REPO_TAG,
    CodeChanges,
    GitState,
    RunCode,
    RunDiff,
)

_COMMIT = re.compile(r"[0-9a-f]{7,64}")


class CodeService:
    """Keeps uncommitted changes by their content: a hundred runs of one state share one patch."""

    def __init__(self, database: Database, blobs: Blobs, clock: Clock) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock

    def tags_of(self, git: GitState) -> dict[str, str]:
        """Keep what was not committed; the tags that name it and the commit.

        Raises:
            Invalid: If the commit is none, or the patch too long.
        """
        if not _COMMIT.fullmatch(git.commit):
            raise Invalid(f"{git.commit!r} is no commit", hint="what `git rev-parse HEAD` prints")
        tags = {COMMIT_TAG: git.commit}
        if git.diff is not None:
            kept = self.keep(git.diff)
            tags[DIFF_TAG] = CLEAN if kept is None else kept.digest
        named = {BRANCH_TAG: git.branch, REPO_TAG: git.repo and rules.masked(git.repo)}
        return tags | {key: value[:1000] for key, value in named.items() if value}

    def keep(self, diff: str) -> CodeChanges | None:
        """Keep uncommitted changes, without secrets; None if there are none.

        Raises:
            Invalid: If the patch is too long.
        """
        rules.check_size(diff)
        patch = rules.kept_of(diff)
        if not patch:
            return None
        files = rules.files_of(patch)
        body = patch.encode()
        changes = CodeChanges(
            digest=self._blobs.put(body),
            files=files,
            added=sum(file.added for file in files),
            removed=sum(file.removed for file in files),
            size=len(body),
            cut=rules.is_cut(patch),
            kept_at=self._clock.now(),
        )

        def add(tx: Transaction) -> CodeChanges:
            there = store.code_changes.find(tx, changes.digest)
            return there or store.code_changes.insert(tx, changes)

        known = self._database.read(lambda tx: store.code_changes.find(tx, changes.digest))
        return known or self._database.write(add)

    def with_changes(self, codes: Sequence[RunCode]) -> list[RunCode]:
        """The same, each with what is known of its uncommitted changes."""
        wanted = {code.diff for code in codes if code.diff and code.diff != CLEAN}
        if not wanted:
            return list(codes)
        found = self._database.read(lambda tx: store.named(tx, wanted))
        return [msgspec.structs.replace(code, changes=found.get(code.diff or "")) for code in codes]

    def diff(self, run: str, code: RunCode) -> RunDiff:
        """What a run ran beside its commit; empty, with a hint, where there is nothing to show.

        Raises:
            Tampered: If the patch is not what it was.
        """
        code = self.with_changes([code])[0]
        if code.changes is None:
            return RunDiff(run=run, code=code, text="", hint=_why_none(code))
        try:
            body = self._blobs.get(code.changes.digest)
        except NotFound:
            return RunDiff(run=run, code=code, text="", hint="its patch is gone: `pomona doctor` says more")
        return RunDiff(run=run, code=code, text=body.decode(errors="replace"), hint=_why_less(code.changes))


def _why_none(code: RunCode) -> str:
    if code.diff == CLEAN:
        return "everything was committed"
    if code.diff:
        return "its uncommitted changes are not kept here"
    if code.digest:
        return "its code is a snapshot: the training entry has every file"
    return "nobody said: pomona.autolog() before mlflow.start_run() keeps what is not committed"


def _why_less(changes: CodeChanges) -> str | None:
    if changes.cut:
        return f"only the first {changes.size:,} bytes are kept: commit before such a run"
    left_out = [file.path for file in changes.files if file.left_out]
    return f"only named, not kept: {', '.join(left_out[:5])}" if left_out else None
