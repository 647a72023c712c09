"""Bad input is refused with column, row and reason; good input is widened where that loses nothing."""

from typing import Any

import pytest

from pomona.core.errors import Invalid
from pomona.serving.gateway.columns import ColumnSpec, Signature, check_columns, columns_of_rows

FLIGHT = Signature(
    columns=(
        ColumnSpec(name="carrier", type="string"),
        ColumnSpec(name="hour", type="long"),
        ColumnSpec(name="temp", type="double", required=False),
        ColumnSpec(name="holiday", type="boolean", required=False),
        ColumnSpec(name="leaves", type="datetime", required=False),
    )
)
GOOD = {"carrier": "AA", "hour": 9, "temp": 1.5, "holiday": False, "leaves": "2013-01-01T05:00:00"}


def check(*rows: dict[str, Any]) -> dict[str, list[Any]]:
    return check_columns(FLIGHT, columns_of_rows(rows))


def test_a_good_row_passes_in_the_signatures_order() -> None:
    assert list(check(dict(reversed(GOOD.items())))) == list(GOOD)


def test_whole_numbers_are_floats_where_the_model_wants_floats() -> None:
    assert check({**GOOD, "temp": 1})["temp"] == [1.0]
    assert check({**GOOD, "hour": 9.0})["hour"] == [9]
    assert isinstance(check({**GOOD, "temp": 1})["temp"][0], float)


def test_optional_columns_may_be_null_or_absent() -> None:
    given = check({"carrier": "AA", "hour": 9}, {"carrier": "AA", "hour": 9, "temp": None})
    assert given["temp"] == [None, None]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hour": None}, "'hour', row 0: None is null"),
        ({"hour": 9.5}, "'hour', row 0: 9.5 is not whole"),
        ({"hour": "9"}, "'hour', row 0: '9' is not of type long"),
        ({"hour": True}, "'hour', row 0: True is not of type long"),
        ({"hour": 1 << 63}, "does not fit type long"),
        ({"hour": 1e30}, "does not fit type long"),
        ({"temp": "warm"}, "'temp', row 0: 'warm' is not of type double"),
        ({"temp": [1.0]}, "is not of type double"),
        ({"holiday": 1}, "'holiday', row 0: 1 is not of type boolean"),
        ({"carrier": 7}, "'carrier', row 0: 7 is not of type string"),
        ({"leaves": "yesterday"}, "'leaves', row 0: 'yesterday' is not a datetime"),
        ({"price": 3}, "unexpected price"),
    ],
)
def test_a_bad_value_is_named(change: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid) as caught:
        check({**GOOD, **change})
    assert says in caught.value.detail
    assert caught.value.hint


def test_the_row_at_fault_is_named() -> None:
    with pytest.raises(Invalid, match="row 2"):
        check(GOOD, GOOD, {**GOOD, "hour": None})


def test_every_missing_column_is_named_at_once() -> None:
    with pytest.raises(Invalid, match="missing carrier, hour; unexpected x") as caught:
        check({"x": 1})
    assert caught.value.extra == {"missing": ["carrier", "hour"], "unexpected": ["x"]}


def test_no_rows_are_no_request() -> None:
    with pytest.raises(Invalid, match="no rows"):
        check()


def test_a_tensor_model_takes_vectors_or_as_many_columns() -> None:
    tensor = Signature(width=2)
    assert check_columns(tensor, {"input": [[1.0, 2.0]]})
    assert check_columns(tensor, {"a": [1.0], "b": [2]})
    with pytest.raises(Invalid, match="rows of 2 numbers"):
        check_columns(tensor, {"input": [[1.0]]})
    with pytest.raises(Invalid, match="3 columns"):
        check_columns(tensor, {"a": [1.0], "b": [2.0], "c": [3.0]})
    with pytest.raises(Invalid, match="null"):
        check_columns(tensor, {"input": [[None, 1.0]]})


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"x": value}
    return value


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (1 << 64, "64 bits"),
        (-(1 << 63) - 1, "64 bits"),
        ([{"x": [1 << 70]}], "64 bits"),
        (nested(40), "nested deeper"),
        (nested(100_000), "nested deeper"),
    ],
)
def test_an_undeclared_value_that_the_journal_could_not_give_back_is_refused(value: Any, says: str) -> None:
    loose = Signature(columns=(ColumnSpec(name="b", type="any"),))
    for signature, columns in ((Signature(), {"a": [1], "b": [value]}), (loose, {"b": [value]})):
        with pytest.raises(Invalid, match=says) as caught:
            check_columns(signature, columns)
        assert "'b'" in caught.value.detail
        assert caught.value.hint


def test_undeclared_values_may_be_nested_and_large_within_reason() -> None:
    columns = {"a": [nested(20)], "b": [(1 << 64) - 1], "c": [-(1 << 63)], "d": [None], "e": ["x" * 100_000]}
    assert check_columns(Signature(), columns) == columns


def test_a_model_without_signature_takes_any_columns() -> None:
    assert check_columns(Signature(), {"a": [1], "b": ["x"]}) == {"a": [1], "b": ["x"]}
