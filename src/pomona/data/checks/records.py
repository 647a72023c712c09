"""What a check found over the versions, and the rows that fail it."""

from datetime import datetime
from typing import Any

from pomona.core.records import Record
from pomona.data.records import Check, Quality


class CheckPoint(Record, frozen=True, kw_only=True):
    """What a check found on one version."""

    version: str  # id
    number: int
    at: datetime  # when the source was so
    quality: Quality
    failing: int
    share: float
    value: float | None = None
    detail: str = ""


class CheckHistory(Record, frozen=True, kw_only=True):
    """A check over the versions it was run on, oldest first."""

    name: str
    check: Check  # as it was run last
    points: tuple[CheckPoint, ...]


class FailingRows(Record, frozen=True, kw_only=True):
    """A page of the rows that fail a check on a version."""

    check: Check
    failing: int  # of all rows
    offset: int  # of the first row here
    rows: tuple[dict[str, Any], ...]


class ChecksFile(Record, frozen=True, kw_only=True):
    """A file of checks, for a dataset if it names one."""

    dataset: str | None = None
    checks: tuple[Check, ...]
