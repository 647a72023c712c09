"""SQL that both databases speak but SQLAlchemy builds per dialect: insert-if-new, upsert, exact LIKE."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Float, String, Table, TextClause, func, literal, literal_column, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from pomona.training.records.search import Value

KEEP = "ON CONFLICT DO NOTHING"
CHUNK = 500  # values in one IN (...): far below every driver's limit


def insert_new(table: Table, *, but: Sequence[str] = ()) -> TextClause:
    """Insert rows; those whose key is there already are left alone. ``but``: columns the database fills."""
    return text(f"{_insert(table, but)} {KEEP}")


def upsert(table: Table, *, only_if: str = "") -> TextClause:
    """Insert rows or overwrite those with the same primary key (``only_if``: a condition on both)."""
    return text(f"{_insert(table)} {overwrite(table, only_if=only_if)}")


def into(table: Table) -> str:
    """What ``Transaction.insert_rows`` begins with: values come in the order of the table's columns."""
    return f"INSERT INTO {table.name} ({', '.join(column.name for column in table.c)})"


def overwrite(table: Table, *, only_if: str = "") -> str:
    """What an insert does with rows whose primary key is there (``only_if``: a condition on both)."""
    keys = ", ".join(column.name for column in table.primary_key)
    changed = ", ".join(f"{c.name} = excluded.{c.name}" for c in table.c if not c.primary_key)
    condition = f" WHERE {only_if}" if only_if else ""
    return f"ON CONFLICT ({keys}) DO UPDATE SET {changed}{condition}"


def _insert(table: Table, but: Sequence[str] = ()) -> str:
    names = [column.name for column in table.c if column.name not in but]
    values = ", ".join(f":{name}" for name in names)
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({values})"  # noqa: S608 (names are ours)


class ExactLike(FunctionElement[bool]):
    """``LIKE`` that tells upper from lower case on every database; arguments: column, LIKE, GLOB pattern."""

    inherit_cache = True
    name = "exact_like"


class FoldedLike(FunctionElement[bool]):
    """``LIKE`` to which upper and lower case are the same from A to Z, and no further; column, pattern."""

    inherit_cache = True
    name = "folded_like"


@compiles(ExactLike)
def _like(element: Any, compiler: Any, **options: Any) -> str:
    column, like, _ = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({column} LIKE {like} ESCAPE '')"  # PostgreSQL would take a backslash for an escape


@compiles(ExactLike, "sqlite")
def _glob(element: Any, compiler: Any, **options: Any) -> str:
    column, _, glob = element.clauses
    return f"({compiler.process(column, **options)} GLOB {compiler.process(glob, **options)})"


@compiles(FoldedLike)
def _folded(element: Any, compiler: Any, **options: Any) -> str:
    column, like = (compiler.process(clause, **options) for clause in element.clauses)
    return f"""(lower({column} COLLATE "C") LIKE lower({like} COLLATE "C") ESCAPE '')"""


@compiles(FoldedLike, "sqlite")
def _folded_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    column, like = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({column} LIKE {like})"  # it folds as said


def head_of(text: ColumnElement[Any]) -> ColumnElement[str]:
    """The beginning of a long text, by which an index knows it: 64 characters, whatever they are.

    The numbers stand in the statement: with parameters a database would not see that it is the index's.
    """
    return func.substr(text, literal_column("1"), literal_column("64"), type_=String)


def beyond(text: str) -> str | None:
    """The first text, by bytes, after all that begin so; None if there is none.

    >>> beyond("ab"), beyond("a\U0010ffff"), beyond("")
    ('ac', 'b', None)
    """
    kept = text.rstrip("\U0010ffff")
    if not kept:
        return None
    code = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if 0xD800 <= code < 0xE000 else code)  # between lie no characters


def glob_from(pattern: str) -> str:
    """A LIKE pattern as a GLOB pattern.

    >>> glob_from("a%b_[c]*")
    'a*b?[[]c][*]'
    """
    special = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}
    return "".join(special.get(char, char) for char in pattern)


def compare(column: ColumnElement[Any], op: str, value: Value) -> ColumnElement[Any]:
    """The SQL condition ``column op value`` of the search grammar."""
    if op == "LIKE":
        pattern = str(value)
        return ExactLike(column, literal(pattern, String), literal(glob_from(pattern), String))
    if op == "ILIKE":
        return FoldedLike(column, literal(str(value), String))
    if op in ("IN", "NOT IN"):
        found = column.in_(value if isinstance(value, tuple) else (value,))
        return found if op == "IN" else ~found
    bound = literal(value, Float) if isinstance(value, float) else literal(value, String)
    return column.op(op, is_comparison=True)(bound)


def chunks(values: list[Any]) -> list[list[Any]]:
    """``values`` in pieces that fit one statement."""
    return [values[i : i + CHUNK] for i in range(0, len(values), CHUNK)]
