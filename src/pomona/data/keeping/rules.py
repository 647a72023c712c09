"""Which versions may be dropped, and which files of a version are worth rewriting."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from pomona.core.errors import Invalid, Refused
from pomona.core.tables import DataFile
from pomona.data.keeping.records import Keep, Pin
from pomona.data.records import DataVersion, Upkeep

SMALL_ROWS, SMALL_BYTES = 65_536, 8 << 20
"""A file with fewer rows and bytes is small: it is opened for little."""


def check_keep(keep: Keep) -> None:
    """Refuse a garbage collection that says nothing of what may go.

    Raises:
        Invalid: Naming what is lacking or cannot be.
    """
    if keep.keep_last is None and keep.older_than_days is None:
        raise Invalid(
            "nothing says which versions may go",
            hint="e.g. --keep-last 10, or --older-than 30d, or both: then both must hold",
        )
    if keep.keep_last is not None and keep.keep_last < 1:
        raise Invalid("keep_last is below 1", hint="the newest version always stays")
    if keep.older_than_days is not None and not keep.older_than_days >= 0:
        raise Invalid("older_than_days is negative", hint="e.g. 30")


def droppable(versions: Sequence[DataVersion], keep: Keep, now: datetime) -> list[DataVersion]:
    """The versions of a dataset that are old enough to go, oldest first; whether any is needed is not asked.

    The newest of all, the newest not quarantined and the newest that passed its checks always stay.
    """
    there = sorted((v for v in versions if v.dropped_at is None), key=lambda v: -v.number)
    safe = {newest.id for newest in newest_of_each_kind(there)}
    safe |= {version.id for version in there[: keep.keep_last or 0]}
    if keep.older_than_days is not None:
        limit = now - timedelta(days=keep.older_than_days)
        safe |= {version.id for version in there if version.created_at > limit}
    return [version for version in reversed(there) if version.id not in safe]


def newest_of_each_kind(newest_first: Sequence[DataVersion]) -> list[DataVersion]:
    """What ``@newest``, ``@latest`` and ``@passed`` mean."""
    bad_of_word: tuple[Collection[str], ...] = ((), ("critical",), ("critical", "fail"))
    found = (next((v for v in newest_first if v.quality not in bad), None) for bad in bad_of_word)
    return [version for version in found if version is not None]


def files_of(versions: Sequence[DataVersion]) -> set[str]:
    """Digests of every file, of rows and of vectors, that these versions name.

    Rows that a version replaced are needed only while its parent is there, which has them, too.
    """
    there = {version.id for version in versions}
    named = {file.digest for version in versions for file in version.files}
    vectors = {file.vector.digest for version in versions for file in version.files if file.vector}
    return named | vectors | {one.replaced for one in versions if one.replaced and one.parent in there}


def to_rewrite(
    files: Sequence[DataFile], *, threshold: float, small_files: int, least_rows: int = SMALL_ROWS
) -> list[int]:
    """The files (by their places) that a rebase replaces; none if it would gain nothing.

    Those of which more than ``threshold`` is hidden; and the small ones, once there are more than
    ``small_files`` of them. A lone small file is left: it would only be copied.

    Args:
        least_rows: A file with fewer is not worth it for what it hides alone.
    """
    much = [file.live < (1 - threshold) * file.rows for file in files]
    little = [file.rows < SMALL_ROWS and file.size < SMALL_BYTES for file in files]
    hidden = [n for n, file in enumerate(files) if much[n] and (file.rows >= least_rows or not little[n])]
    small = [n for n in range(len(files)) if little[n] and n not in hidden]
    if len(small) > max(1, small_files) or (hidden and len(small) > 1):
        return sorted(hidden + small)
    return hidden


def is_due(files: Sequence[DataFile], upkeep: Upkeep) -> bool:
    """Whether a version's files have become worth rewriting."""
    return upkeep.automatic and bool(
        to_rewrite(files, threshold=upkeep.hidden, small_files=upkeep.small_files)
    )


def check_upkeep(upkeep: Upkeep) -> None:
    """Refuse bounds that would rewrite always, or never.

    Raises:
        Invalid: Naming the bound.
    """
    if not 0.0 < upkeep.hidden <= 1.0:
        raise Invalid(
            f"hidden {upkeep.hidden:g} is not a share between 0 and 1",
            hint="e.g. 0.15; switch it off with automatic: false",
        )
    if upkeep.small_files < 2:
        raise Invalid("small_files is below 2", hint="e.g. 32: so many small files may be there")


def check_threshold(threshold: float | None) -> None:
    """Refuse a share that is none.

    Raises:
        Invalid: If it is not between 0 and 1.
    """
    if threshold is not None and not 0.0 <= threshold < 1.0:
        raise Invalid(f"the threshold {threshold:g} is not a share", hint="e.g. 0.15")


def check_reason(reason: str) -> str:
    """The reason, trimmed.

    Raises:
        Refused: If there is none.
    """
    if not reason.strip():
        raise Refused("no reason was given", hint="say why; it is written to the ledger")
    return reason.strip()


def in_short(pins: Mapping[str, Sequence[Pin]]) -> str:
    """What keeps versions, counted by kind."""
    kinds = [pin.kind for found in pins.values() for pin in found]
    return ", ".join(f"{kinds.count(kind)} by {kind}" for kind in dict.fromkeys(kinds))
