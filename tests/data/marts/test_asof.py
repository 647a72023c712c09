"""Point in time, against brute force: a feature is the newest value at or before the label's time."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pomona.data.marts.engine import SqlEngine
from pomona.data.marts.rules.reading import read_statement

_CUSTOMERS = st.one_of(st.none(), st.integers(0, 3))
_TIMES = st.one_of(st.none(), st.integers(0, 12))
_LABELS = st.lists(st.tuples(_CUSTOMERS, _TIMES), max_size=12)
_FEATURES = st.lists(st.tuples(_CUSTOMERS, _TIMES), max_size=20, unique=True)


@dataclass(frozen=True)
class Case:
    """Labels and features; a feature's value is its place, so that each can be told from the others."""

    labels: Sequence[tuple[int | None, int | None]]
    features: Sequence[tuple[int | None, int | None]]

    def tables(self) -> dict[str, pa.Table]:
        hours = pa.timestamp("us", tz="UTC")

        def times(values: list[int | None]) -> pa.Array:
            return pa.array([None if v is None else v * 3_600_000_000 for v in values], pa.int64()).cast(
                hours
            )

        return {
            "labels": pa.table(
                {
                    "id": pa.array(range(len(self.labels)), pa.int64()),
                    "customer": pa.array([c for c, _ in self.labels], pa.int64()),
                    "seen": times([t for _, t in self.labels]),
                }
            ),
            "features": pa.table(
                {
                    "customer": pa.array([c for c, _ in self.features], pa.int64()),
                    "known": times([t for _, t in self.features]),
                    "value": pa.array(range(len(self.features)), pa.int64()),
                }
            ),
        }

    def run(self, engine: SqlEngine, sql: str) -> dict[int, int | None]:
        statement = read_statement(sql)
        with engine.session(statement, self.tables(), timeout_s=20) as reader:
            rows = reader.read_all().to_pylist()
        assert len(rows) == len({row["id"] for row in rows})
        return {row["id"]: row["value"] for row in rows}

    def newest(self, place: int, *, strictly: bool) -> int | None:
        """Brute force over every feature."""
        customer, seen = self.labels[place]
        fitting = [
            (known, value)
            for value, (owner, known) in enumerate(self.features)
            if None not in (customer, seen, owner, known)
            and owner == customer
            and (known < seen if strictly else known <= seen)  # type: ignore[operator]
        ]
        return max(fitting)[1] if fitting else None


_CASES = st.builds(Case, _LABELS, _FEATURES)
_SETTINGS = settings(max_examples=25, deadline=None, database=None, derandomize=True)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> SqlEngine:
    return SqlEngine(tmp_path_factory.mktemp("spill"), memory_mb=128, threads=1)


@_SETTINGS
@given(case=_CASES)
def test_asof_join_finds_the_newest_value_at_or_before_the_label(shared: SqlEngine, case: Case) -> None:
    sql = """select l.id, f.value from labels l
             asof left join features f on l.customer = f.customer and l.seen >= f.known"""
    expected = {place: case.newest(place, strictly=False) for place in range(len(case.labels))}
    assert case.run(shared, sql) == expected


@_SETTINGS
@given(case=_CASES)
def test_a_strict_asof_join_finds_nothing_from_the_label_s_own_time(shared: SqlEngine, case: Case) -> None:
    sql = """select l.id, f.value from labels l
             asof left join features f on l.customer = f.customer and l.seen > f.known"""
    expected = {place: case.newest(place, strictly=True) for place in range(len(case.labels))}
    assert case.run(shared, sql) == expected


@_SETTINGS
@given(case=_CASES)
def test_a_join_with_a_time_predicate_agrees_with_brute_force(shared: SqlEngine, case: Case) -> None:
    sql = """select l.id, arg_max(f.value, f.known) as value from labels l
             left join features f on f.customer = l.customer and f.known <= l.seen group by l.id"""
    expected = {place: case.newest(place, strictly=False) for place in range(len(case.labels))}
    assert case.run(shared, sql) == expected


@_SETTINGS
@given(case=_CASES)
def test_no_value_from_after_a_label_s_time_comes_in(shared: SqlEngine, case: Case) -> None:
    sql = """select l.id, f.value from labels l
             asof join features f on l.customer = f.customer and l.seen >= f.known"""
    for place, value in case.run(shared, sql).items():
        assert value is not None
        known, seen = case.features[value][1], case.labels[place][1]
        assert known is not None
        assert seen is not None
        assert known <= seen
