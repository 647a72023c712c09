"""Which code a run ran: a commit, and the changes that were not committed, kept by their content."""

from datetime import datetime

from pomona.core.records import Record

COMMIT_TAG = "mlflow.source.git.commit"
BRANCH_TAG = "mlflow.source.git.branch"
REPO_TAG = "mlflow.source.git.repoURL"
DIFF_TAG = "pomona.code.diff"  # digest of the uncommitted changes, or CLEAN
CLEAN = "clean"
MOST_BYTES = 1 << 20  # of uncommitted changes that are kept


class GitState(Record, frozen=True, kw_only=True):
    """Where a folder stands in its git repository; ``diff`` is what was not committed, as a patch.

    None: it could not be read. Lines before the first file begin with ``#``: what the patch does not hold.
    """

    commit: str
    diff: str | None = ""
    branch: str | None = None
    repo: str | None = None


class NewRunOrigin(Record, frozen=True, kw_only=True):
    """Where a run comes from, as its own process sees it. Without ``run`` it is only kept.

    ``packages`` are ``name==version``, ``machine`` the tags of ``pomona.training.machine``.
    """

    git: GitState | None = None
    packages: tuple[str, ...] = ()
    machine: dict[str, str] = {}
    run: str | None = None  # set the tags on this run


class RunOrigin(Record, frozen=True, kw_only=True):
    """The tags that tie a run to what was kept of its origin."""

    tags: dict[str, str]


class ChangedFile(Record, frozen=True, kw_only=True):
    """A file of uncommitted changes: lines added and removed; ``digest`` names its part of the patch."""

    path: str
    added: int
    removed: int
    left_out: str = ""  # why the patch only names it
    digest: str = ""


class CodeChanges(Record, frozen=True, kw_only=True):
    """Uncommitted changes, named by the BLAKE3 digest of their patch; ``size`` is its bytes."""

    digest: str
    files: tuple[ChangedFile, ...]
    added: int
    removed: int
    size: int
    cut: bool  # it was longer than what is kept
    kept_at: datetime

    @property
    def lines(self) -> int:
        """Lines added and removed."""
        return self.added + self.removed


class RunCode(Record, frozen=True, kw_only=True):
    """Where a run's code is: the snapshot kept here, or the git commit its client reported.

    ``diff`` is the digest of what was not committed, ``clean`` if nothing was, None if nobody said.
    """

    digest: str | None = None
    git_commit: str | None = None
    git_branch: str | None = None
    git_repo: str | None = None
    source: str | None = None
    source_type: str | None = None
    diff: str | None = None
    changes: CodeChanges | None = None


class RunDiff(Record, frozen=True, kw_only=True):
    """What a run ran beside its commit: the patch as text, empty if it was clean or nobody said."""

    run: str
    code: RunCode
    text: str
    hint: str | None = None  # why there is no patch, or not all of it
