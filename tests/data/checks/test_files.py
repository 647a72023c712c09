"""A file of checks reads as written, and an error names its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pomona.core.errors import Invalid
from pomona.data.checks.files import read_checks, write_checks
from pomona.data.records import Check

TEXT = """\
dataset: nyc/flights
checks:
  - kind: range
    column: air_time
    min: 0
    max: 900
    warn: 0.001
    fail: 0.01
  - {kind: expression, expression: departure <= arrival, critical: 0.5}
  - kind: schema
    types: {carrier: string, air_time: double}
"""


def test_a_file_says_its_dataset_and_checks() -> None:
    file = read_checks(TEXT)
    assert file.dataset == "nyc/flights"
    assert [check.kind for check in file.checks] == ["range", "expression", "schema"]
    assert file.checks[0] == Check(kind="range", column="air_time", min=0, max=900, warn=0.001, fail=0.01)
    assert file.checks[2].types == {"carrier": "string", "air_time": "double"}


def test_json_and_a_bare_list_are_read_too() -> None:
    [check] = read_checks('[{"kind": "unique", "columns": ["a", "b"]}]').checks
    assert check.columns == ("a", "b")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "- {kind: not_null, column: a}\n- kind: range\n  column: x\n  mni: 3",
            "line 4: unknown field 'mni'",
        ),
        ("- kind: range\n  column: x\n  min: low", "line 3: field 'min': expected `float | null`"),
        ("- kind: rang\n  column: x", "line 1: field 'kind': invalid enum value 'rang'"),
        ("- column: x", "line 1: object missing required field `kind`"),
        ("- {kind: not_null, column: a}\n\n- kind: range\n  column: x", "line 3: check 'range x': it needs"),
        ("- {kind: unique, column: a}\n- {kind: unique, column: a}", "line 2: a second check 'unique a'"),
        ("- kind: expression\n  expression: max(x) > 1", "line 1: check"),
        ("- nothing", "line 1: a check is a mapping"),
        ("dataset: a", "line 1: there is no list of checks"),
        ("dataset: a\ncheks: []", "line 2: unknown field 'cheks'"),
        ("", "line 1: there is no list of checks"),
        ("- {kind: [", "line 1: no YAML"),
        ("- kind: allowed\n  column: a\n  values: 3", "line 3: field 'values': expected `array`"),
    ],
)
def test_an_error_names_the_line_and_the_field(text: str, said: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_checks(text, name="checks.yaml")
    assert caught.value.detail.startswith(f"checks.yaml, {said}")
    assert caught.value.hint


LEVELS = st.none() | st.floats(0, 1)
CHECKS = st.builds(
    Check,
    kind=st.just("allowed"),
    column=st.text(min_size=1, max_size=5),
    values=st.lists(st.text(max_size=5) | st.integers(-9, 9) | st.booleans(), min_size=1).map(tuple),
    warn=st.just(0.0),
    fail=LEVELS,
    name=st.text(min_size=1, max_size=8),
)


@given(st.lists(CHECKS, max_size=4, unique_by=lambda check: check.name))
def test_what_is_written_is_read_back(checks: list[Check]) -> None:
    file = read_checks(write_checks(checks, dataset="flights"))
    assert (file.dataset, list(file.checks)) == ("flights", checks)
