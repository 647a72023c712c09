"""Rewrites the files of datasets when that has become worth it: follows the ledger with its own cursor."""

from typing import Protocol

from pomona.core.ports import Database, Ledger, Transaction
from pomona.core.records import Entry
from pomona.jobs.records import Job
from pomona.loop import store

CURSOR = "upkeep"
NEWS = ("data.version_committed", "data.upkeep_declared")


class Rebases(Protocol):
    """Queues a rebase of a dataset if it is due."""

    def enqueue_due(self, tx: Transaction, dataset: str) -> Job | None: ...


class UpkeepReactor:
    """Queues a rebase for each dataset whose newest version hides too much or has too many small files."""

    def __init__(self, database: Database, ledger: Ledger, rebases: Rebases) -> None:
        self._database = database
        self._ledger = ledger
        self._rebases = rebases

    def react(self) -> int:
        """Deal with every new event, each once however often this is killed; returns the jobs queued."""
        done, after = 0, self._database.read(lambda tx: store.cursor(tx, CURSOR))
        while news := self._ledger.entries(after=after, types=NEWS, limit=100):
            # Of many commits to a dataset only what is newest now matters.
            datasets = list(dict.fromkeys(str(entry.data["dataset"]) for entry in news))
            done += self._database.write(lambda tx, news=news, d=datasets: self._deal_with(tx, news, d))  # type: ignore[misc]
            after = news[-1].seq
        return done

    def _deal_with(self, tx: Transaction, news: list[Entry], datasets: list[str]) -> int:
        if store.cursor(tx, CURSOR) >= news[-1].seq:
            return 0  # another process was faster
        store.advance(tx, CURSOR, news[-1].seq)
        return sum(self._rebases.enqueue_due(tx, name) is not None for name in datasets)
