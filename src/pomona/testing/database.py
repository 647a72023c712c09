"""What every Database implementation promises. Inherit it and provide a ``database`` fixture.

The fixture yields a database whose tables exist (``pomona.sql.metadata``).
"""

from concurrent.futures import wait

import pytest

from pomona.core.actors import acting_as
from pomona.core.events import HypothesisCreated
from pomona.core.ports import Database, Ledger, Records, Transaction


def told(name: str) -> HypothesisCreated:
    """Some event."""
    return HypothesisCreated(subject="hyp_1", name=name)


class DatabaseContract:
    """Records that survive, events that chain, work that fails alone."""

    def test_a_write_is_seen_by_the_next_read(self, database: Database, ledger: Ledger) -> None:
        database.write(lambda tx: tx.emit(told("pear")))
        assert [entry.data for entry in ledger.entries()] == [{"name": "pear"}]

    def test_work_that_raises_harms_nobody_else(self, database: Database, ledger: Ledger) -> None:
        def breaks(tx: Transaction) -> None:
            tx.emit(told("broken"))
            raise ValueError("no")

        futures = [database.submit(lambda tx: tx.emit(told("good"))) for _ in range(20)]
        broken = database.submit(breaks)
        futures += [database.submit(lambda tx: tx.emit(told("good"))) for _ in range(20)]
        wait(futures)
        with pytest.raises(ValueError, match="no"):
            broken.result()
        assert {entry.data["name"] for entry in ledger.entries()} == {"good"}
        assert ledger.verify() == 40

    def test_the_actor_is_the_one_who_asked(self, database: Database, ledger: Ledger) -> None:
        with acting_as("ann"):
            future = database.submit(lambda tx: tx.emit(told("pear")))
        future.result()
        assert ledger.entries()[0].actor == "ann"

    def test_a_repeated_link_changes_nothing(self, database: Database, ledger: Ledger) -> None:
        for _ in range(2):
            database.write(lambda tx: tx.link("run_1", "tests", "hyp_1"))
        (link,) = ledger.links(["hyp_1"])
        assert (link.source, link.relation, link.target) == ("run_1", "tests", "hyp_1")

    def test_entries_are_filtered_and_paged(self, database: Database, ledger: Ledger) -> None:
        for number in range(5):
            database.write(lambda tx, number=number: tx.emit(told(str(number))))  # type: ignore[misc]
        assert [entry.seq for entry in ledger.entries(after=2, limit=2)] == [3, 4]
        assert [entry.seq for entry in ledger.entries(newest_first=True, limit=2)] == [5, 4]
        assert [entry.seq for entry in ledger.entries(newest_first=True, after=4, limit=9)] == [3, 2, 1]
        assert ledger.entries(types=["data.version_committed"]) == []
        assert len(ledger.entries(subject="hyp_1")) == 5

    def test_it_says_where_it_is(self, database: Records) -> None:
        assert database.condition().where

    def test_a_scrub_changes_nothing(self, database: Database, ledger: Ledger) -> None:
        database.write(lambda tx: tx.emit(told("pear")))
        database.scrub()
        assert [entry.data for entry in ledger.entries()] == [{"name": "pear"}]
        database.write(lambda tx: tx.emit(told("quince")))
        assert ledger.verify() == 2
