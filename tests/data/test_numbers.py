"""NumPy and Arrow: the same values either way."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from tests.data.drawn import plain, tables

from pomona.data.tables.numbers import arrow, no_rows, rows_at
from pomona.data.tables.replaced import is_among


@given(tables(min_rows=1), st.data())
def test_rows_come_by_their_places(table: pa.Table, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, table.num_rows))
    chunked = pa.concat_tables([table.slice(0, cut), table.slice(cut)])
    places = data.draw(st.lists(st.integers(0, table.num_rows - 1), max_size=20))
    found = rows_at(chunked, np.array(places, np.int64))
    assert found.schema == table.schema
    rows = plain(table)
    assert plain(found) == [rows[place] for place in places]


@given(st.lists(st.booleans()), st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_numbers_and_masks_are_what_they_were(mask: list[bool], numbers: list[int]) -> None:
    assert arrow(np.array(mask, bool)).to_pylist() == mask
    assert arrow(np.array(numbers, np.int64)).to_pylist() == numbers
    assert arrow(np.array(numbers, np.int64)[::2]).to_pylist() == numbers[::2]
    assert arrow(np.array(mask, bool)[1:]).to_pylist() == mask[1:]


@given(st.sets(st.integers(0, 20)), st.sets(st.integers(0, 20)))
def test_who_is_among_the_others(some: set[int], others: set[int]) -> None:
    one, other = (np.array(sorted(side), np.uint64) for side in (some, others))
    assert one[is_among(one, other)].tolist() == sorted(some & others)


def test_a_table_without_rows_has_its_columns() -> None:
    schema = pa.schema([("a", pa.int8()), ("b", pa.list_(pa.string()))])
    assert no_rows(schema) == schema.empty_table()
