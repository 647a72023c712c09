"""Conditions in the user's words: SQL over one row's columns, and regular expressions.

Polars parses them to an expression of its own, which reads nothing but the row's columns: no file, no
clock, no Python. Regular expressions are Rust's, whose time is linear in the text.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import polars as pl
from polars.exceptions import PolarsError, SQLInterfaceError, SQLSyntaxError

_LONGEST = 2_000
# Kinds of Polars' nodes that look at more than one row.
_SEVERAL_ROWS = frozenset(
    (
        *("Agg", "AnonymousAgg", "AnonymousFunction", "Explode", "Filter", "Gather", "Len", "Over"),
        *("Rolling", "Selector", "Slice", "Sort", "SortBy", "SubPlan", "Window"),
    )
)


def parse(text: str) -> pl.Expr:
    """The condition as an expression over columns.

    Raises:
        ValueError: If it is no SQL, reads something else than the columns of one row, or names no column.

    >>> parse("departure <= arrival").meta.root_names()
    ['departure', 'arrival']
    """
    if len(text) > _LONGEST:
        raise ValueError(f"longer than {_LONGEST} characters")
    try:
        condition = pl.sql_expr(text)
    except (SQLInterfaceError, SQLSyntaxError) as error:
        raise ValueError(str(error)) from None
    except PolarsError as error:
        raise ValueError(f"not understood: {error}") from None
    if not condition.meta.root_names():
        raise ValueError("it names no column")
    if _SEVERAL_ROWS & set(_nodes(msgspec.json.decode(condition.meta.serialize(format="json")))):
        raise ValueError("it must look at one row at a time: no sums, windows, subqueries")
    return condition


def columns_in(text: str) -> tuple[str, ...]:
    """The columns a condition names."""
    return tuple(dict.fromkeys(parse(text).meta.root_names()))


def fault(text: str) -> str | None:
    """What is wrong with a condition; None if nothing."""
    try:
        parse(text)
    except ValueError as error:
        return f"the expression {text!r}: {error}"
    return None


def pattern_fault(pattern: str) -> str | None:
    """What is wrong with a regular expression; None if nothing."""
    try:
        pl.Series([""]).str.contains(pattern)
    except PolarsError as error:
        said = [line for line in str(error).splitlines() if line.startswith("error: ")]
        return f"the pattern {pattern!r}: {said[-1][7:] if said else str(error)}"
    return None


def _nodes(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        for kind, inner in tree.items():
            yield kind
            yield from _nodes(inner)
    elif isinstance(tree, list):
        for inner in tree:
            yield from _nodes(inner)
    elif tree == "Len":  # a node without parts
        yield tree
