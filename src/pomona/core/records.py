"""Record: the frozen base of each value that crosses a boundary, and the few values all stages use."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")
R = TypeVar("R")


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A value of the domain: immutable, compared by content, the same in SDK, HTTP, CLI and UI.

    Subclasses repeat ``frozen=True, kw_only=True``. msgspec validates when it decodes, not in the
    constructor.
    """


class Money(Record, frozen=True, kw_only=True):
    """An amount of money: an exact decimal and an ISO 4217 currency code."""

    amount: Decimal
    currency: str = "EUR"


class Page(Record, Generic[T], frozen=True, kw_only=True):
    """One page of a list, newest first; ``next_cursor`` asks for the page after it."""

    items: list[T]
    next_cursor: str | None = None


class Entry(Record, frozen=True, kw_only=True):
    """One event as the ledger keeps it: who did what to which record, chained to the entry before.

    ``hash`` is the BLAKE3 of ``prev_hash`` and the canonical JSON of the other fields, so changing
    or removing an old entry breaks every later one.
    """

    seq: int
    type: str
    subject: str
    actor: str
    at: datetime
    data: dict[str, Any]
    prev_hash: str
    hash: str


class Link(Record, frozen=True, kw_only=True):
    """A typed relation of the ledger: ``source`` -- relation --> ``target``."""

    source: str
    relation: str
    target: str
    at: datetime


def to_json(value: object) -> bytes:
    """Encode any record as JSON (decimals as strings, times as RFC 3339)."""
    return msgspec.json.encode(value)


def from_json(body: bytes | str, kind: type[R]) -> R:
    """Decode and validate JSON as ``kind``.

    Raises:
        msgspec.ValidationError: If a field is missing or of another type.
    """
    return msgspec.json.decode(body, type=kind)
