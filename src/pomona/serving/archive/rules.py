"""When rows are written, what their datasets are called, and which column an input goes to."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from pomona.serving.archive.records import BatchPolicy, Book, TableKind

REST = "input_rest"
"""The column for inputs that fit no other, as JSON."""
MOST_COLUMNS = 1_000
_LONGEST_NAME = 100
_RESERVED = ("__pomona", "_deleted")


def is_due(book: Book, policy: BatchPolicy, now: datetime) -> bool:
    """Whether the rows that wait are many enough, or old enough."""
    if book.waiting <= 0:
        return False
    age = timedelta(seconds=policy.age_s)
    if book.failed_at is not None and now - book.failed_at < age:
        return False
    if book.waiting >= policy.rows or book.planned > book.written:
        return True
    return book.waiting_since is None or now - book.waiting_since >= age


def due_at(book: Book, policy: BatchPolicy) -> datetime | None:
    """When the rows that wait are written, if no more come."""
    if book.waiting <= 0:
        return None
    age = timedelta(seconds=policy.age_s)
    since = book.failed_at or book.waiting_since
    return None if since is None else since + age


def dataset_name(endpoint: str, what: TableKind, number: int = 1) -> str:
    """What the dataset is called; with a number if others took the name.

    >>> dataset_name("late-flights", "predictions"), dataset_name("late", "outcomes", 2)
    ('late-flights-predictions', 'late-outcomes-2')
    """
    tail = f"-{what}" if number == 1 else f"-{what}-{number}"
    return endpoint[: _LONGEST_NAME - len(tail)] + tail


def producer(endpoint: str, what: TableKind) -> str:
    """The name under which positions are the offsets of a dataset's versions."""
    return f"{what} of {endpoint}"


def column_names(inputs: Iterable[str], ours: Collection[str], known: Collection[str]) -> dict[str, str]:
    """The column of each input: its own name, unless that is one of ours. Others have none.

    Readers take ``Hour`` and ``hour`` for the same column, so the second of two such inputs has none.

    Args:
        ours: Columns that are there whatever the inputs are.
        known: Columns the table has already.

    >>> column_names(["hour", "at", "Hour"], ["at"], [])
    {'hour': 'hour', 'at': 'input_at'}
    """
    reserved = {name.lower() for name in ours}
    taken = set(reserved)
    spelled = {name.lower(): name for name in known}
    places: dict[str, str] = {}
    room = MOST_COLUMNS - len(ours) - len(spelled)
    for name in inputs:
        column = f"input_{name}" if name.lower() in reserved else name
        if not _can_be_a_column(column) or column.lower() in taken:
            continue
        if column.lower() in spelled:
            if spelled[column.lower()] != column:
                continue
        elif room <= 0:
            continue
        else:
            room -= 1
        taken.add(column.lower())
        places[name] = column
    return places


def _can_be_a_column(name: str) -> bool:
    return 0 < len(name) <= 200 and name.isprintable() and not name.startswith(_RESERVED)
