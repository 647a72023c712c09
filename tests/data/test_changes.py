"""What changed between two tables is the truth, bit by bit."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.drawn import tables

from pomona.data.tables.bits import BitComparer
from pomona.data.tables.canonical import canonical
from pomona.data.tables.changes import Changes, compare, compare_multisets, row_hashes


@settings(max_examples=80)
@given(tables(), st.sets(st.integers(-50, 50)), st.sets(st.integers(-50, 50)))
def test_changes_are_the_truth(table: pa.Table, gone: set[int], touched: set[int]) -> None:
    old = canonical(table.append_column("n", pa.array([0.0] * table.num_rows)))
    rows = [row for row in old.to_pylist() if row["id"] not in gone]
    for row in rows:
        row["n"] = float("nan") if row["id"] in touched else row["n"]
    new = canonical(pa.Table.from_pylist(rows, schema=old.schema))
    ids = set(table.column("id").to_pylist())
    found = compare(old, new, ["id"]).counts
    assert found == Changes(added=0, removed=len(ids & gone), changed=len((ids - gone) & touched))
    back = compare(new, old, ["id"]).counts
    assert back == Changes(added=found.removed, removed=found.added, changed=found.changed)
    added, removed = compare_multisets(row_hashes(old), row_hashes(new))
    assert len(added) == found.changed
    assert len(removed) == found.removed + found.changed


def test_changes_see_single_bits() -> None:
    old = pa.table({"k": [1, 2, 3, 4], "x": [0.0, float("nan"), 1.0, None]})
    new = pa.table({"k": [1, 2, 3, 4], "x": [-0.0, float("nan"), 1.0, 0.0]})
    assert compare(old, new, ["k"]).counts == Changes(changed=2)
    assert compare(old, old, ["k"]).counts.none


@pytest.mark.parametrize("kind", [pa.int64(), pa.string()])
@pytest.mark.parametrize("key", ["*", "^.*$", "^x$"])
def test_a_key_that_looks_like_a_pattern_names_its_own_column(key: str, kind: pa.DataType) -> None:
    old = pa.table({key: pa.array([1, 2, 3]).cast(kind), "x": [1, 2, 3]})
    new = pa.table({key: pa.array([4, 3, 2]).cast(kind), "x": [4, 3, 0]})
    assert compare(old, new, [key]).counts == Changes(added=1, removed=1, changed=1)


@given(st.lists(st.integers(0, 3)), st.lists(st.integers(0, 3)))
def test_rows_without_a_key_are_told_apart_as_a_multiset(one: list[int], other: list[int]) -> None:
    old, new = (pa.table({"x": pa.array(values, pa.int64())}) for values in (one, other))
    added, removed = compare_multisets(row_hashes(old), row_hashes(new))
    for value in range(4):
        more = other.count(value) - one.count(value)
        assert sum(other[row] == value for row in added) == max(more, 0)
        assert sum(one[row] == value for row in removed) == max(-more, 0)


KEYS = [pa.int8(), pa.int64(), pa.uint64(), pa.string(), pa.date32()]
VALUES = [pa.int16(), pa.int64(), pa.float32(), pa.float64(), pa.timestamp("us"), pa.bool_(), pa.string()]
ROWS = st.dictionaries(st.integers(0, 40), st.none() | st.integers(0, 3), max_size=25)


def in_pieces(rows: dict[int, int | None], cuts: list[int], key: pa.DataType, kind: pa.DataType) -> pa.Table:
    """Rows of a key and a value, cut into chunks."""
    values = [None if v is None else v % 2 == 0 for v in rows.values()]
    column = pa.array(values) if pa.types.is_boolean(kind) else pa.array(rows.values(), pa.int64()).cast(kind)
    table = pa.table({"k": pa.array(rows.keys(), pa.int32()).cast(key), "x": column.cast(kind)})
    ends = [0, *sorted(cuts), table.num_rows]
    return pa.concat_tables([table.slice(ends[n], ends[n + 1] - ends[n]) for n in range(len(ends) - 1)])


@settings(max_examples=150)
@given(st.data(), st.sampled_from(KEYS), st.sampled_from(VALUES), ROWS, ROWS, st.booleans())
def test_old_rows_in_stretches_and_new_ones_in_any_order_give_the_truth(
    data: st.DataObject,
    key: pa.DataType,
    kind: pa.DataType,
    was: dict[int, int | None],
    now: dict[int, int | None],
    rising: bool,
) -> None:
    now = now | {k: v for k, v in was.items() if k % 4}
    now = dict(sorted(now.items())) if rising else dict(data.draw(st.permutations(list(now.items()))))
    old, new = (
        in_pieces(rows, data.draw(st.lists(st.integers(0, len(rows)), max_size=3)), key, kind)
        for rows in (dict(data.draw(st.permutations(list(was.items())))), now)
    )
    found = compare(old, new, ["k"])
    (old_keys, new_keys), (before, after) = (
        [table.column(name).cast(pa.string()).to_pylist() for table in (old, new)] for name in ("k", "x")
    )
    first, second = dict(zip(old_keys, before, strict=True)), dict(zip(new_keys, after, strict=True))
    same = first.keys() & second.keys()
    assert {new_keys[row] for row in found.added} == second.keys() - first.keys()
    assert {old_keys[row] for row in found.removed} == first.keys() - second.keys()
    assert {new_keys[row] for row in found.changed} == {k for k in same if first[k] != second[k]}
    assert [old_keys[row] for row in found.replaced] == [new_keys[row] for row in found.changed]


def test_no_rows_compared_by_their_bits_is_left_to_others() -> None:
    rows, none = pa.chunked_array([[1, 2]]), pa.chunked_array([], pa.int64())
    assert BitComparer(np.empty(0, np.int64)).differ(rows, none) is None
    assert BitComparer(np.full(2, -1)).differ(none, rows) is None
