"""What keeps a version, what dropping and rewriting would do and did."""

from datetime import datetime
from typing import Literal

from pomona.core.records import Record

VERIFY, REBASE, ERASE = "verify_data", "rebase_data", "erase_data"
"""The kinds of its jobs."""

DISTINCT = 6
"""Characters from which on an erased value is told apart from others that only contain it."""

PinKind = Literal["pin", "tag", "run", "model", "decision", "mart", "job", "newest"]


class NewTag(Record, frozen=True, kw_only=True):
    """A name to put on a version; moving one that is there already takes a reason into the ledger."""

    name: str
    reason: str = ""


class Tag(Record, frozen=True, kw_only=True):
    """A name for a version, e.g. ``flights@golden``. It can be moved; the ledger keeps where it was."""

    id: str
    dataset: str
    dataset_id: str
    name: str
    version: str
    number: int
    at: datetime
    by: str


class NewPin(Record, frozen=True, kw_only=True):
    """Why a version must be kept."""

    reason: str


class Pin(Record, frozen=True, kw_only=True):
    """Something that keeps a version from being dropped.

    Attributes:
        id: Of an explicit pin; empty if it follows from another record.
        by: Who pinned it; or the record that needs it.
    """

    kind: PinKind
    id: str = ""
    version: str
    reason: str
    by: str
    at: datetime | None = None


class Keep(Record, frozen=True, kw_only=True):
    """Which versions may go: none of the last ``keep_last``, and none younger than ``older_than_days``."""

    keep_last: int | None = None
    older_than_days: float | None = None


class DropRequest(Record, frozen=True, kw_only=True):
    """A garbage collection; of all datasets if none is named."""

    dataset: str | None = None
    keep: Keep = Keep()
    act: Literal["look", "drop"] = "look"
    spare_h: float = 1.0  # files put later than that are left for the next time


class Doomed(Record, frozen=True, kw_only=True):
    """A version that is (or would be) dropped."""

    id: str
    dataset: str
    number: int
    digest: str
    rows: int
    created_at: datetime


class Held(Record, frozen=True, kw_only=True):
    """A version that is old enough to be dropped, and what keeps it."""

    id: str
    dataset: str
    number: int
    pins: tuple[Pin, ...]


class Collected(Record, frozen=True, kw_only=True):
    """What a garbage collection did, or would do."""

    done: bool  # False: only looked at
    versions: tuple[Doomed, ...]
    held: tuple[Held, ...]  # would go, but something needs them
    files: int  # of rows and of vectors
    size: int  # their bytes
    orphans: int  # of these files, those that no version ever named: left by a killed commit
    young: int  # files without a version that are too young to be judged


class Damage(Record, frozen=True, kw_only=True):
    """A version that is not what it was."""

    version: str
    ref: str
    detail: str
    hint: str | None = None


class Verified(Record, frozen=True, kw_only=True):
    """What a verification found."""

    versions: int
    files: int
    damaged: tuple[Damage, ...] = ()


class VerifyRequest(Record, frozen=True, kw_only=True):
    """What to verify: a version, a dataset (each of its versions), or everything."""

    ref: str | None = None


class RebaseRequest(Record, frozen=True, kw_only=True):
    """Rewrite files of the newest version; None: by the dataset's own threshold."""

    threshold: float | None = None


class Rebased(Record, frozen=True, kw_only=True):
    """What a rebase did."""

    outcome: Literal["rebased", "nothing to do"]
    version: str | None = None
    ref: str | None = None
    rewritten: int = 0  # files that were replaced
    written: int = 0  # files that replace them
    size_before: int = 0  # bytes of the version's files
    size_after: int = 0


class ErasureRequest(Record, frozen=True, kw_only=True):
    """Whose rows are to go: those in which ``column`` holds ``value``.

    Attributes:
        datasets: Only in these; none: in every dataset that has the column.
        confirm: The subject once more, ``column=value``: nothing is done without it.
    """

    column: str
    value: str
    datasets: tuple[str, ...] = ()
    reason: str = ""
    confirm: str = ""


class TouchedVersion(Record, frozen=True, kw_only=True):
    """A version that holds rows of the subject."""

    id: str
    ref: str
    rows: int


class TouchedPlace(Record, frozen=True, kw_only=True):
    """Something beside the tables that holds the subject, e.g. predictions."""

    what: str
    count: int


class ErasurePlan(Record, frozen=True, kw_only=True):
    """What an erasure touches.

    Attributes:
        datasets: Those with the column.
        models: Model versions and runs trained on a touched version; they are listed, not changed.
        marts: Datasets that were built from a touched version and lack the column: look at them yourself.
    """

    datasets: tuple[str, ...]
    versions: tuple[TouchedVersion, ...]
    rows: int  # different ones, of all datasets
    files: int
    places: tuple[TouchedPlace, ...] = ()
    models: tuple[str, ...] = ()
    marts: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """The subject is nowhere."""
        return not self.versions and not any(place.count for place in self.places)


class ReplacedFile(Record, frozen=True, kw_only=True):
    """A file written anew without the subject's rows; ``after`` is None if nothing stands in its place.

    Attributes:
        what: Rows; places of hidden rows; or a profile.
        rows: That went.
    """

    what: Literal["rows", "vector", "profile"] = "rows"
    dataset: str
    before: str
    after: str | None
    rows: int = 0


class ErasedVersion(Record, frozen=True, kw_only=True):
    """A version's root before and after."""

    id: str
    ref: str
    before: str
    after: str
    rows: int  # that went


class Erasure(Record, frozen=True, kw_only=True):
    """The signed record of an erasure. Whose rows went is not in it, only a keyed fingerprint.

    Attributes:
        fingerprint: HMAC-SHA256 of ``column=value``: who asks again can be told whether it was done.
        signature: HMAC-SHA256 over the record's JSON without it, by the key in the home folder.
    """

    id: str
    column: str
    fingerprint: str
    reason: str
    state: Literal["running", "done"]
    job: str = ""
    by: str
    at: datetime
    plan: ErasurePlan
    files: tuple[ReplacedFile, ...] = ()
    versions: tuple[ErasedVersion, ...] = ()
    places: tuple[TouchedPlace, ...] = ()  # what was blanked beside the tables
    left: tuple[str, ...] = ()  # files that hold the value's bytes still: models, artefacts
    finished_at: datetime | None = None
    signature: str = ""


class SignedErasure(Record, frozen=True, kw_only=True):
    """The record of an erasure, and whether it is what was signed here."""

    record: Erasure
    signed: bool
