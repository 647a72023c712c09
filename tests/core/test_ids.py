"""Ids sort by time and tell their kind."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pomona.core.ids import kind_of, new_id, ulid

START = datetime(2026, 1, 1, tzinfo=UTC)


@given(st.integers(0, 2**48 - 2), st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_a_later_millisecond_sorts_later(at_ms: int, one: bytes, other: bytes) -> None:
    assert ulid(at_ms, one) < ulid(at_ms + 1, other)
    assert len(ulid(at_ms, one)) == 26


def test_ids_are_unique_and_sort_by_time() -> None:
    ids = [new_id("hyp", START + timedelta(milliseconds=n)) for n in range(100)]
    assert ids == sorted(set(ids))
    assert kind_of(ids[0]) == "hyp"
