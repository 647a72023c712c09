"""The search grammar: what is written is what is read, and nothing else passes."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pomona.core.errors import Invalid
from pomona.training.records.search import Comparison, SortKey
from pomona.training.rules.filters import LOGGED_MODELS, MATCH, NUMERIC, RUNS, parse_filter, parse_order

PLAIN = st.text("abcXYZ019_", min_size=1, max_size=8).filter(lambda key: not key[0].isdigit())
ODD = st.text("abc .-/:é$", min_size=1, max_size=8)
TEXTS = st.text(st.characters(exclude_characters="'\\", exclude_categories=["Cs", "Cc"]), max_size=20)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False).map(lambda value: value + 0.0)


@st.composite
def comparisons(draw: st.DrawFn) -> tuple[str, Comparison]:
    """A condition as a person might write it, and what it means."""
    entity, word = draw(
        st.sampled_from(
            [
                ("metric", "metrics"),
                ("metric", "metric"),
                ("parameter", "params"),
                ("tag", "tags"),
                ("tag", "tag"),
            ]
        )
    )
    key, quote = draw(st.one_of(st.tuples(PLAIN, st.just("")), st.tuples(ODD, st.sampled_from('`"'))))
    left = f"{word}.{quote}{key}{quote}"
    if entity == "metric":
        op, value = draw(st.sampled_from(NUMERIC)), draw(NUMBERS)
        return f"{left} {op} {value!r}", Comparison(entity="metric", key=key, op=op, value=value)
    op = draw(st.sampled_from([*MATCH, "IS NULL", "IS NOT NULL"]))
    written = draw(st.sampled_from([op, op.lower()])) if op.isalpha() or " " in op else op
    if " " in op:
        return f"{left} {written}", Comparison(entity=entity, key=key, op=op)  # type: ignore[arg-type]
    value = draw(TEXTS)
    return f"{left} {written} '{value}'", Comparison(entity=entity, key=key, op=op, value=value)  # type: ignore[arg-type]


@given(st.lists(comparisons(), max_size=4), st.sampled_from([" AND ", " and ", "  AND\n"]))
def test_what_is_written_is_what_is_read(written: list[tuple[str, Comparison]], glue: str) -> None:
    text = glue.join(part for part, _ in written)
    assert parse_filter(text, RUNS) == [meant for _, meant in written]


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_but_never_breaks(text: str) -> None:
    for grammar in (RUNS, LOGGED_MODELS):
        with suppress(Invalid):
            parse_filter(text, grammar)
        with suppress(Invalid):
            parse_order(text, grammar)


@given(PLAIN | ODD, st.sampled_from(["", " ASC", " DESC", " desc"]))
def test_a_sort_key_is_read_back(key: str, direction: str) -> None:
    expected = SortKey(entity="metric", key=key, ascending=direction.strip().lower() != "desc")
    assert parse_order(f"metrics.`{key}`{direction}", RUNS) == expected


@pytest.mark.parametrize(
    ("text", "values"),
    [("run_id IN ('a', 'b')", ("a", "b")), ("run_id NOT IN ('a')", ("a",)), ('run_id in ("x",)', ("x",))],
)
def test_lists_are_read(text: str, values: tuple[str, ...]) -> None:
    assert parse_filter(text, RUNS)[0].value == values


def test_old_names_of_attributes_still_work() -> None:
    assert parse_filter("attributes.Created > 5", RUNS)[0].key == "start_time"
    assert parse_filter("run.`Run name` = 'x'", RUNS)[0].key == "run_name"
