"""A database whose readers find every metric in its table, however lately it was logged."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from pomona.core.errors import StorageFull, Unavailable
from pomona.core.ports import Database, Transaction
from pomona.training.service.intake import MetricIntake
from pomona.training.store import inbox

T = TypeVar("T")

_log = logging.getLogger(__name__)


class SettledDatabase:
    """Database around another: what waits in the inbox of metrics is settled before anybody looks.

    Work of a write must not ``read`` here: it would wait for the writer, which is busy with it.
    """

    def __init__(self, inner: Database, intake: MetricIntake) -> None:
        self._inner = inner
        self._intake = intake

    def submit(self, work: Callable[[Transaction], T], *, alone: bool = False) -> "Future[T]":
        def settled(tx: Transaction) -> T:
            self._intake.settle(tx)
            return work(tx)

        return self._inner.submit(settled)  # however short the work is, to settle may take long

    def write(self, work: Callable[[Transaction], T]) -> T:
        return self.submit(work).result()

    def read(self, work: Callable[[Transaction], T]) -> T:
        def settled(tx: Transaction) -> T:
            if not inbox.is_empty(tx):
                raise _Unsettled
            return work(tx)

        try:
            return self._inner.read(settled)
        except _Unsettled:
            self._settle()
        return self._inner.read(work)

    def scrub(self) -> None:
        self._inner.scrub()

    def close(self) -> None:
        self._inner.close()

    def _settle(self) -> None:
        try:
            self._intake.settle_now().result()
        except (StorageFull, Unavailable) as error:  # what can be read is better than nothing
            _log.warning("the newest metrics are not shown yet: %s", error)


class _Unsettled(Exception):
    """Some metrics are not in their tables yet."""
