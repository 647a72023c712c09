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

    def test_a_write_that_is_alone_is_one_like_others(self, database: Database, ledger: Ledger) -> None:
        def breaks(tx: Transaction) -> None:
            tx.emit(told("broken"))
            raise ValueError("no")

        for number in range(3):
            with acting_as(f"ann {number}"):
                database.submit(lambda tx, n=number: tx.emit(told(str(n))), alone=True).result()  # type: ignore[misc]
            with pytest.raises(ValueError, match="no"):
                database.submit(breaks, alone=True).result()
            database.write(lambda tx: tx.emit(told("pear")))
        found = [(entry.data["name"], entry.actor) for entry in ledger.entries()[::2]]
        assert found == [("0", "ann 0"), ("1", "ann 1"), ("2", "ann 2")]
        assert ledger.verify() == 6

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

    @pytest.mark.parametrize("count", [1, 7, 8, 9, 300, 1300])
    def test_rows_by_the_thousand_are_stored_as_given_and_found_by_value(
        self, database: Database, count: int
    ) -> None:
        rows = [(number, f"key {number}") for number in range(1, count + 1)]
        into = "INSERT INTO tracking_keys (id, name)"
        for _ in range(2):
            database.write(lambda tx: tx.insert_rows(into, rows, "ON CONFLICT DO NOTHING"))
        select = "SELECT name, id FROM tracking_keys WHERE id IN"
        found = database.read(lambda tx: tx.select_rows(select, [count, 1, count + 1]))
        assert {tuple(row) for row in found} == {("key 1", 1), (f"key {count}", count)}

    def test_groups_of_rows_that_begin_alike_are_stored_as_given(self, database: Database) -> None:
        groups = [((run, 1, False), [(s, s, s / 3) for s in range(run)]) for run in (1, 7, 8, 9, 63, 700)]
        into = "INSERT INTO metric_history (run, key, nan, step, at_ms, value)"
        for _ in range(2):
            database.write(lambda tx: tx.insert_groups(into, groups, "ON CONFLICT DO NOTHING"))
        select = "SELECT run, key, nan, step, at_ms, value FROM metric_history WHERE run IN"
        found = database.read(lambda tx: tx.select_rows(select, [same[0] for same, _ in groups]))
        assert sorted(tuple(row) for row in found) == [(*same, *row) for same, rows in groups for row in rows]

    def test_a_row_the_database_refuses_is_an_error_and_nothing_of_it_is_kept(
        self, database: Database
    ) -> None:
        into = "INSERT INTO tracking_keys (id, name)"
        with pytest.raises(Exception, match=r"(?i)unique"):
            database.write(lambda tx: tx.insert_rows(into, [(1, "same"), (2, "same")]))
        select = "SELECT id FROM tracking_keys WHERE id IN"
        assert database.read(lambda tx: tx.select_rows(select, [1, 2])) == []

    def test_it_says_where_it_is(self, database: Records) -> None:
        assert database.condition().where

    def test_a_scrub_changes_nothing(self, database: Database, ledger: Ledger) -> None:
        database.write(lambda tx: tx.emit(told("pear")))
        database.scrub()
        assert [entry.data for entry in ledger.entries()] == [{"name": "pear"}]
        database.write(lambda tx: tx.emit(told("quince")))
        assert ledger.verify() == 2
