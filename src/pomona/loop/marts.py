"""Rebuilds marts when their inputs change: follows the ledger with a cursor of its own."""

from typing import Protocol

from pomona.core.ports import Database, Ledger, Transaction
from pomona.core.records import Entry
from pomona.data.marts.records import Mart
from pomona.jobs.records import Job
from pomona.loop import store

CURSOR = "marts"
NEWS = ("data.version_committed", "data.version_checked", "jobs.finished")
JOB_KIND = "build_mart"


class Marts(Protocol):
    """Marts and their queue."""

    def readers_of(self, dataset: str) -> list[Mart]: ...

    def is_stale(self, mart: Mart) -> bool: ...

    def enqueue(self, tx: Transaction, mart: Mart, *, reason: str, key: str | None = None) -> Job: ...

    def job_ended(self, tx: Transaction, job_id: str, state: str, error: str | None) -> bool: ...


class MartReactor:
    """Queues a build for each mart that reads what was committed; a mart on a mart follows by itself."""

    def __init__(self, database: Database, ledger: Ledger, marts: Marts) -> None:
        self._database = database
        self._ledger = ledger
        self._marts = marts

    def react(self) -> int:
        """Deal with every new event, each once however often this is killed; returns what was done."""
        done, after = 0, self._database.read(lambda tx: store.cursor(tx, CURSOR))
        while news := self._ledger.entries(after=after, types=NEWS, limit=100):
            done += sum(self._deal_with(entry) for entry in news)
            after = news[-1].seq
        return done

    def _deal_with(self, entry: Entry) -> int:
        ours = entry.type == "jobs.finished" and entry.data["kind"] == JOB_KIND
        stale = [] if entry.type == "jobs.finished" else self._stale(str(entry.data["dataset"]))

        def work(tx: Transaction) -> int:
            if store.cursor(tx, CURSOR) >= entry.seq:
                return 0  # another process was faster
            store.advance(tx, CURSOR, entry.seq)
            if ours:
                return int(self._marts.job_ended(tx, entry.subject, entry.data["state"], entry.data["error"]))
            reason = f"{entry.data.get('dataset')}@v{entry.data.get('number')} was committed"
            if entry.type == "data.version_checked":
                reason = f"{entry.data['dataset']}@v{entry.data['number']} was checked again"
            for mart in stale:
                self._marts.enqueue(tx, mart, reason=reason, key=f"{mart.id}:{entry.seq}")
            return len(stale)

        return self._database.write(work)

    def _stale(self, dataset: str) -> list[Mart]:
        return [mart for mart in self._marts.readers_of(dataset) if self._marts.is_stale(mart)]
