"""Tells webhooks what happens in the registry: follows the ledger with a cursor of its own."""

from typing import Protocol

from pomona.core.ports import Database, Ledger, Transaction
from pomona.core.records import Entry
from pomona.loop import store
from pomona.registry.webhooks.rules import NEWS

CURSOR = "webhooks"


class Webhooks(Protocol):
    """Queues what an entry tells, for each webhook that asked."""

    def enqueue(self, tx: Transaction, entry: Entry) -> int: ...


class WebhookReactor:
    """Queues each delivery once, however often this is killed."""

    def __init__(self, database: Database, ledger: Ledger, webhooks: Webhooks) -> None:
        self._database = database
        self._ledger = ledger
        self._webhooks = webhooks

    def react(self) -> int:
        """Deal with every new event; returns the deliveries queued."""
        done, after = 0, self._database.read(lambda tx: store.cursor(tx, CURSOR))
        while news := self._ledger.entries(after=after, types=NEWS, limit=100):
            done += self._database.write(lambda tx, news=news: self._deal_with(tx, news))  # type: ignore[misc]
            after = news[-1].seq
        return done

    def _deal_with(self, tx: Transaction, news: list[Entry]) -> int:
        reached = store.cursor(tx, CURSOR)  # another process may have been faster
        new = [entry for entry in news if entry.seq > reached]
        if not new:
            return 0
        store.advance(tx, CURSOR, news[-1].seq)
        return sum(self._webhooks.enqueue(tx, entry) for entry in new)
