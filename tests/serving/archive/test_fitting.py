"""Values go to typed columns or aside, and none is lost or changed."""

import math
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pomona.serving.archive import rules
from pomona.serving.archive.fitting import (
    NUMBER,
    NUMBERS,
    TEXT,
    WHOLE,
    YES_NO,
    column_of,
    flattened,
    seen_type,
)

VALUES = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=4
) | st.lists(st.floats(allow_nan=False) | st.integers(-5, 5) | st.text(max_size=2), max_size=3)  # fmt: skip
TYPES = [TEXT, WHOLE, NUMBER, YES_NO, NUMBERS]


@given(values=st.lists(VALUES, max_size=8), kind=st.sampled_from([*TYPES, pa.date32()]))
def test_each_value_is_in_the_column_or_named_as_unfit(values: list[Any], kind: pa.DataType) -> None:
    column, unfit = column_of(values, kind)
    assert (column.type, len(column)) == (kind, len(values))
    for place, (value, kept) in enumerate(zip(values, column.to_pylist(), strict=True)):
        if place in unfit:
            assert value is not None
            assert kept is None
        else:
            assert kept == value
            assert value is None or (isinstance(kept, bool) is isinstance(value, bool))


@pytest.mark.parametrize(
    ("value", "kind", "fits"),
    [
        (3.0, WHOLE, True), (3.5, WHOLE, False), (True, WHOLE, False), (2**63, WHOLE, False),
        ("3", WHOLE, False),
        (2**53, NUMBER, True), (2**53 + 1, NUMBER, False), (True, NUMBER, False), (1, YES_NO, False),
        (5, TEXT, False), ([1, 2.5], NUMBERS, True), ([True], NUMBERS, False), ({"a": 1}, TEXT, False),
    ],
)  # fmt: skip
def test_what_fits(value: Any, kind: pa.DataType, fits: bool) -> None:
    assert (column_of([value, None], kind)[1] == []) is fits


def test_the_type_of_an_undeclared_column_is_that_of_most_values() -> None:
    assert seen_type([1, 2, "x"]) == NUMBER
    assert seen_type(["x", 1, "y"]) == TEXT
    assert seen_type([[1.0], [2]]) == NUMBERS
    assert seen_type([]) is None


def test_an_infinite_number_stays_one() -> None:
    column, unfit = column_of([math.inf, -0.0], NUMBER)
    assert (column.to_pylist(), unfit) == ([math.inf, 0.0], [])


def test_records_of_different_shapes_are_flattened_side_by_side() -> None:
    columns, aside = flattened(
        [{"hour": 3, "at": "x"}, {"hour": "late", "deep": {"a": [1]}}, {}],
        {"hour": "hour", "at": "input_at"},
        {"hour": WHOLE, "input_at": TEXT},
    )
    assert columns["hour"].to_pylist() == [3, None, None]
    assert columns["input_at"].to_pylist() == ["x", None, None]
    assert aside == [None, {"hour": "late", "deep": {"a": [1]}}, None]


@given(
    inputs=st.lists(
        st.text(max_size=3) | st.sampled_from(["at", "AT", "input_at", "Hour", "hour"]), max_size=8
    ),
    known=st.sets(st.sampled_from(["hour", "a", "input_at"])),
)
def test_no_two_inputs_share_a_column(inputs: list[str], known: set[str]) -> None:
    names = dict.fromkeys(inputs)
    places = rules.column_names(names, ["at", "unit"], known)
    columns = [column.lower() for column in places.values()]
    assert len(set(columns)) == len(columns)
    assert not {"at", "unit", ""} & set(columns)
    for column in places.values():
        clash = [name for name in known if name.lower() == column.lower()]
        assert clash in ([], [column])


def test_a_model_that_makes_up_columns_does_not_fill_the_table_with_them() -> None:
    places = rules.column_names([f"c{n}" for n in range(5_000)], ["at"], [])
    assert len(places) == rules.MOST_COLUMNS - 1
