"""Requests that may be sent twice but must count once: the claim of an ``Idempotency-Key``.

The edge opens a claim; the database's first write inside it stores the key in the same transaction,
so that a repeated request can tell whether the first one's effect is there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Claim:
    """A request's key, and whether a committed write carries it already."""

    key: str
    written: bool = False


_claim: ContextVar[Claim | None] = ContextVar("pomona_claim", default=None)


def current_claim() -> Claim | None:
    """The claim of the request this code runs for, if it sent a key."""
    return _claim.get()


@contextmanager
def claiming(key: str) -> Iterator[Claim]:
    """Writes inside the block count once for ``key``."""
    claim = Claim(key)
    token = _claim.set(claim)
    try:
        yield claim
    finally:
        _claim.reset(token)
