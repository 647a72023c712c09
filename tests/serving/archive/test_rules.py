"""When a batch is due, and what its dataset is called."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from pomona.data.rules import NAME
from pomona.serving.archive import rules
from pomona.serving.archive.records import BatchPolicy, Book

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = BatchPolicy(rows=100, age_s=60)
WAITING = Book(endpoint="late", what="predictions", given=50, planned=10, written=10, waiting_since=NOW)


@pytest.mark.parametrize(
    ("changes", "after_s", "due"),
    [
        ({}, 59, False),
        ({}, 60, True),
        ({"given": 110}, 0, True),
        ({"given": 10}, 1e6, False),
        ({"planned": 20}, 0, True),  # a batch that was begun
        ({"waiting_since": None}, 0, True),  # rows from before a migration
        ({"given": 110, "failed_at": NOW}, 59, False),
        ({"given": 110, "failed_at": NOW}, 60, True),
    ],
)
def test_rows_are_due_by_number_or_age_and_a_failure_waits(changes: dict, after_s: float, due: bool) -> None:
    book = msgspec.structs.replace(WAITING, **changes)
    assert rules.is_due(book, POLICY, NOW + timedelta(seconds=after_s)) is due


def test_the_latest_time_of_the_next_batch_is_when_it_is_due() -> None:
    at = rules.due_at(WAITING, POLICY)
    assert at == NOW + timedelta(seconds=60)
    assert rules.is_due(WAITING, POLICY, at)
    assert rules.due_at(msgspec.structs.replace(WAITING, given=10), POLICY) is None


@pytest.mark.parametrize("endpoint", ["a", "x" * 100, "late-flights"])
def test_names_are_names_of_datasets_and_differ(endpoint: str) -> None:
    names = [
        rules.dataset_name(endpoint, what, n) for what in ("predictions", "outcomes") for n in (1, 2, 10)
    ]
    assert len(set(names)) == 6
    assert all(NAME.fullmatch(name) for name in names)
