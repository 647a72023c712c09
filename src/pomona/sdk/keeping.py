"""The life of versions from Python: tags, pins, garbage collection, verification, rebase."""

from collections.abc import Callable, Sequence

import msgspec

from pomona.data.keeping.records import (
    Collected,
    DropRequest,
    Erasure,
    ErasurePlan,
    ErasureRequest,
    Keep,
    NewPin,
    NewTag,
    Pin,
    Rebased,
    RebaseRequest,
    SignedErasure,
    Tag,
    Verified,
    VerifyRequest,
)
from pomona.data.records import Consent, Dataset, Purposes, Upkeep
from pomona.jobs.records import Job
from pomona.sdk.jobs import Jobs
from pomona.sdk.session import Session, part

OnProgress = Callable[[Job], None]
TAGS, PINS, ERASURES = list[Tag], list[Pin], list[SignedErasure]


class Keeping:
    """What ``client.data`` does with versions that are there."""

    _session: Session

    def tag(self, ref: str, name: str, *, reason: str = "") -> Tag:
        """Name a version, so that ``flights@golden`` means it; a tag that is on another one moves.

        A tagged version is not dropped.
        """
        return self._session.post(f"{_version(ref)}/tags", NewTag(name=name, reason=reason), Tag)

    def untag(self, dataset: str, name: str) -> None:
        """Remove a tag; its version stays until nothing keeps it any more."""
        self._session.delete(f"{_dataset(dataset)}/tags/{part(name)}")

    def tags(self, dataset: str) -> Sequence[Tag]:
        """The tags of a dataset, by name."""
        return self._session.get(f"{_dataset(dataset)}/tags", TAGS)

    def pin(self, ref: str, *, reason: str) -> Pin:
        """Keep a version whatever a garbage collection asks for."""
        return self._session.post(f"{_version(ref)}/pins", NewPin(reason=reason), Pin)

    def unpin(self, ref: str) -> None:
        """Take the pins off that people put there."""
        self._session.delete(f"{_version(ref)}/pins")

    def pins(self, ref: str) -> Sequence[Pin]:
        """Everything that keeps a version: pins, tags, runs, models, decisions, marts, jobs."""
        return self._session.get(f"{_version(ref)}/pins", PINS)

    def gc(
        self,
        dataset: str | None = None,
        *,
        keep_last: int | None = None,
        older_than_days: float | None = None,
        dry_run: bool = False,
        spare_h: float = 1.0,
    ) -> Collected:
        """Drop versions that nothing needs, then files that no version names.

        Args:
            dataset: Only of this one; default all.
            keep_last, older_than_days: Which may go: none of the last ones, none that is younger. Given
                both, both must hold.
            dry_run: Only say what would go.
            spare_h: Files put in the last hours are left for the next time: a commit may be about to
                name them.
        """
        keep = Keep(keep_last=keep_last, older_than_days=older_than_days)
        wanted = DropRequest(dataset=dataset, keep=keep, act="look" if dry_run else "drop", spare_h=spare_h)
        return self._session.post("/api/v1/data-collections", wanted, Collected)

    def verify(
        self, ref: str | None = None, *, timeout_s: float = 3600.0, on_progress: OnProgress | None = None
    ) -> Verified:
        """Read every file of a version, of a dataset, or of all, and compare it with its digest."""
        job = self._session.post("/api/v1/data-verifications", VerifyRequest(ref=ref), Job)
        return msgspec.convert(self._ended(job, timeout_s, on_progress).result, Verified)

    def rebase(
        self,
        dataset: str,
        *,
        threshold: float | None = None,
        timeout_s: float = 3600.0,
        on_progress: OnProgress | None = None,
    ) -> Rebased:
        """Write the newest version once more, in fewer files and without the rows that it hides.

        Args:
            threshold: Files of which a greater share is hidden are rewritten; default as declared (0.35).
        """
        path = f"{_dataset(dataset)}/rebase"
        job = self._session.post(path, RebaseRequest(threshold=threshold), Job)
        return msgspec.convert(self._ended(job, timeout_s, on_progress).result, Rebased)

    def declare_upkeep(
        self, dataset: str, *, automatic: bool = True, hidden: float = 0.35, small_files: int = 32
    ) -> Dataset:
        """When a job rewrites a dataset's files by itself: so much of one hidden, so many small ones."""
        upkeep = Upkeep(automatic=automatic, hidden=hidden, small_files=small_files)
        return self._session.put(f"{_dataset(dataset)}/upkeep", upkeep, Dataset)

    def declare_purposes(
        self, dataset: str, purposes: Sequence[str], *, consent_column: str | None = None
    ) -> Dataset:
        """What a dataset may serve from now on (nothing declared: everything), and where consent stands."""
        declared = Purposes(purposes=tuple(purposes), consent_column=consent_column)
        return self._session.put(f"{_dataset(dataset)}/purposes", declared, Dataset)

    def consent(self, ref: str, purpose: str = "training") -> Consent:
        """How many rows of a version may be read for a purpose, and how many would be left out."""
        return self._session.get(f"{_version(ref)}/consent", Consent, purpose=purpose)

    def plan_erasure(self, column: str, value: object, *, datasets: Sequence[str] = ()) -> ErasurePlan:
        """What erasing the rows with this value would touch; nothing is changed."""
        wanted = ErasureRequest(column=column, value=str(value), datasets=tuple(datasets))
        return self._session.post("/api/v1/erasures/plan", wanted, ErasurePlan)

    def erase(
        self,
        column: str,
        value: object,
        *,
        reason: str,
        confirm: str,
        datasets: Sequence[str] = (),
        timeout_s: float = 3600.0,
        on_progress: OnProgress | None = None,
    ) -> Erasure:
        """Take a subject's rows out of every version, and every copy of its values out of the store.

        Args:
            reason: Why; it is kept, so it must not name whom.
            confirm: The subject once more, ``column=value``, after a look at ``plan_erasure``.
            datasets: Only these; default every one that has the column.
        """
        wanted = ErasureRequest(
            column=column, value=str(value), datasets=tuple(datasets), reason=reason, confirm=confirm
        )
        job = self._session.post("/api/v1/erasures", wanted, Job)
        done = self._ended(job, timeout_s, on_progress)
        return self._session.get(f"/api/v1/erasures/{part(done.result['erasure'])}", SignedErasure).record

    def erasures(self) -> Sequence[SignedErasure]:
        """Every erasure, newest first, and whether its record is what was signed."""
        return self._session.get("/api/v1/erasures", ERASURES)

    def _ended(self, job: Job, timeout_s: float, on_progress: OnProgress | None) -> Job:
        return Jobs(self._session).done(job.id, timeout_s=timeout_s, on_progress=on_progress)


def _version(ref: str) -> str:
    return f"/api/v1/data-versions/{part(ref.replace('/', '~'))}"


def _dataset(ref: str) -> str:
    return f"/api/v1/datasets/{part(ref.replace('/', '~'))}"
