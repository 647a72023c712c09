"""Metrics on their way in: who logs while a commit is under way shares the next one.

Each call becomes a row of the inbox, durable when it is answered. Its metrics get to their tables when there
are many, half a second later, or when somebody wants to read them (``SettledDatabase``): whichever is first.
"""

import logging
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field

from pomona.core.errors import PomonaError, Unavailable
from pomona.core.ports import Database, Transaction
from pomona.training.records.runs import Points
from pomona.training.store import inbox, runs

_CALLS = 500  # that share one commit at most
_MANY = 20_000  # points: they do not wait for the half second; to settle them takes some 30 ms
_SOON_S = 0.5

_log = logging.getLogger(__name__)


@dataclass
class _Call:
    run_id: str
    points: bytes
    count: int
    done: "Future[None]" = field(default_factory=Future)
    refused: PomonaError | None = None

    def answer(self, error: BaseException | None) -> None:
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)


class MetricIntake:
    """Takes metrics of runs that say nothing of a logged model."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._waiting: list[_Call] = []
        self._unsettled = 0  # points, as far as this process knows
        self._timer: threading.Timer | None = None
        self.known: dict[str, int] = {}  # numbers of names; replaced, never changed

    def put(self, run_id: str, points: Points, *, alone: bool = False) -> "Future[None]":
        """Keep points; the future is done once they are durable, and who reads from then on sees them.

        ``alone``: no other call is on its way, so there is nobody to share a commit with.

        Raises:
            NotFound: If there is no such run (from the future).
            Invalid: If it is deleted (from the future).
        """
        call = _Call(run_id, inbox.packed(points), sum(map(len, points.values())))
        call.done.set_running_or_notify_cancel()  # what is queued can no longer be cancelled
        with self._lock:
            self._waiting.append(call)
            is_first = len(self._waiting) == 1
        if is_first:
            self._submit(alone=alone and not self.is_much(call.count))
        return call.done

    def settle(self, tx: Transaction) -> dict[str, int]:
        """Bring every metric to its table; numbers of their names, to be remembered once committed."""
        return inbox.settle(tx, self.known)

    def remember(self, future: "Future[dict[str, int]]") -> None:
        """Take note of a transaction that gave numbers to names."""
        if future.exception() is None:
            new = {name: number for name, number in future.result().items() if name not in self.known}
            self.known = {**self.known, **new} if new else self.known

    def take(self) -> list[_Call]:
        """The calls that share the commit that begins now."""
        with self._lock:
            calls, self._waiting = self._waiting[:_CALLS], self._waiting[_CALLS:]
            more = bool(self._waiting)
        if more:
            self._submit()
        return calls

    def kept(self, count: int, *, settled: bool) -> None:
        """So many points are durable, or none waits any more."""
        with self._lock:
            self._unsettled = 0 if settled else self._unsettled + count
            if not self._unsettled or self._timer is not None:
                return
            self._timer = threading.Timer(_SOON_S, self._settle_soon)
            self._timer.daemon = True
            self._timer.start()

    def is_much(self, count: int) -> bool:
        """Whether so many more points should not wait any longer."""
        return self._unsettled + count >= _MANY

    def _submit(self, *, alone: bool = False) -> None:
        commit = _Commit(self)
        try:
            self._database.submit(commit, alone=alone).add_done_callback(commit.answer)
        except PomonaError as error:  # the database is closed
            for call in self.take():
                call.answer(error)

    def settle_now(self) -> "Future[dict[str, int]]":
        """Bring every metric to its table; done once that is durable."""
        future = self._database.submit(self.settle)
        future.add_done_callback(self._settled)
        return future

    def close(self) -> None:
        """Leave nothing behind that only Pomona can read."""
        if self._timer is not None:
            self._timer.cancel()
        if self._unsettled:
            with suppress(PomonaError):  # told already; whoever opens the database next finds them
                self.settle_now().result()

    def _settle_soon(self) -> None:
        self._timer = None
        with suppress(Unavailable):  # closed meanwhile
            self.settle_now()

    def _settled(self, future: "Future[dict[str, int]]") -> None:
        self.remember(future)
        error = future.exception()
        if error is None:
            self.kept(0, settled=True)
        else:
            _log.warning("metrics wait in the inbox: %s", error)


class _Commit:
    """One transaction of calls that wait together."""

    def __init__(self, intake: MetricIntake) -> None:
        self._intake = intake
        self._calls: list[_Call] | None = None  # taken at the last moment: the most come along then
        self._count = 0
        self._settles = False

    def __call__(self, tx: Transaction) -> dict[str, int]:
        if self._calls is None:  # else it is tried once more
            self._calls = self._intake.take()
        found = runs.states(tx, list({call.run_id for call in self._calls}))
        rows, self._count = [], 0
        for call in self._calls:
            number, state = found.get(call.run_id, (0, ""))
            call.refused = _refusal(call.run_id, state)
            if call.refused is None and call.count:
                rows.append((number, call.points))
                self._count += call.count
        inbox.put(tx, rows)
        self._settles = self._intake.is_much(self._count)
        return self._intake.settle(tx) if self._settles else {}

    def answer(self, future: "Future[dict[str, int]]") -> None:
        """Tell every caller."""
        calls = self._intake.take() if self._calls is None else self._calls  # it may not even have begun
        error = future.exception()
        for call in calls:
            call.answer(error or call.refused)
        if error is None:
            self._intake.remember(future)
            self._intake.kept(self._count, settled=self._settles)


def _refusal(run_id: str, state: str) -> PomonaError | None:
    if not state:
        return runs.missing(run_id)
    return None if state == "active" else runs.inactive(run_id, state)
