"""Who acts: set once at the edge (request, worker, CLI), read where an event is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_actor: ContextVar[str] = ContextVar("pomona_actor", default="system")


def current_actor() -> str:
    """The person or part of the system on whose behalf this code runs."""
    return _actor.get()


@contextmanager
def acting_as(actor: str) -> Iterator[None]:
    """Everything written inside the block is recorded as done by ``actor``."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)
