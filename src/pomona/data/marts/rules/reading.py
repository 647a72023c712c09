"""An SQL text taken apart: one SELECT over datasets, or refused. Pure: nothing is run.

A dataset is named as everywhere else, as a quoted identifier where the name is no plain word:
``from loans``, ``from "credit/loans"``, ``from "loans@v3"``, ``from "loans@newest"``.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from pomona.core.errors import Invalid, Refused
from pomona.data.marts.rules import guard
from pomona.data.references import parse_ref

DIALECT = "duckdb"
_STATEMENTS = (
    exp.DDL, exp.DML, exp.Command, exp.Into, exp.Copy, exp.Attach, exp.Detach, exp.Pragma, exp.Set, exp.Use,
    exp.Describe, exp.Summarize, exp.Show, exp.Transaction, exp.Commit, exp.Rollback, exp.Drop, exp.Alter,
    exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Install, exp.Kill, exp.Grant, exp.Comment,
    exp.TruncateTable, exp.Analyze,
)  # fmt: skip
_UNFILLED = (exp.Parameter, exp.Placeholder, exp.SessionParameter)
logging.getLogger("sqlglot").setLevel(logging.ERROR)  # what it only half understands is refused below


@dataclass(frozen=True)
class Statement:
    """One SELECT: its text, its tree, and the dataset references in it, in order."""

    sql: str
    tree: exp.Query
    tables: tuple[str, ...]
    functions: frozenset[str]


def read_statement(sql: str) -> Statement:
    """Take an SQL text apart.

    Raises:
        Invalid: If it cannot be read; the place is named.
        Refused: If it is anything but one SELECT over datasets.
    """
    guard.check_text(sql)
    text = sql.rstrip().rstrip(";").rstrip()  # what stands before keeps lines and columns true
    try:
        found = [tree for tree in sqlglot.parse(text, dialect=DIALECT) if tree is not None]
        found = [tree for tree in found if not isinstance(tree, exp.Semicolon)]
    except (SqlglotError, RecursionError) as error:
        raise _unreadable(error) from None
    if len(found) != 1:
        raise Refused(f"{len(found)} statements are not allowed here", hint="write exactly one SELECT")
    tree = found[0]
    if isinstance(tree, exp.Subquery):
        tree = tree.unnest()
    if not isinstance(tree, exp.Query) or isinstance(tree, exp.DML):
        raise guard.refusal(f"{_word(text)} (a statement that is no SELECT)")
    try:
        _check_nodes(tree)
        tables = _distinct(_check_table(table) for table in _tables(tree))
    except RecursionError as error:
        raise _unreadable(error) from None
    functions = frozenset(_function_names(tree))
    guard.check_functions(functions)
    return Statement(sql=text, tree=tree, tables=tables, functions=functions)


def line_of(node: exp.Expr) -> int | None:
    """The line a node stands in, from 1; None if the parser did not keep it."""
    for part in node.walk():
        if "line" in part.meta:
            return int(part.meta["line"])
    return None


def table_key(table: exp.Table) -> str:
    """A table's name: the dataset in lower case, as they all are; what is behind the @ as it stands."""
    dataset, at, version = table.name.partition("@")
    return dataset.lower() + at + version


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(names))
    if len({name.lower() for name in found}) < len(found):
        raise Refused(
            "two names differ only in capital letters, which SQL does not tell apart",
            hint="write the reference in one way",
        )
    return found


def _check_nodes(tree: exp.Query) -> None:
    for node in tree.walk():
        if isinstance(node, _STATEMENTS) or (isinstance(node, exp.Select) and node.args.get("into")):
            raise guard.refusal(f"{type(node).__name__.upper()} inside a SELECT", line=line_of(node))
        if isinstance(node, _UNFILLED):
            raise guard.refusal(f"the parameter {node.sql(DIALECT)}", line=line_of(node))
        if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
            guard.check_table_functions([_call_name(node.this)])


def _tables(tree: exp.Query) -> Iterator[exp.Table]:
    """Tables that are no CTE of this statement; whatever scopes do not reach is taken for one, too."""
    seen: set[int] = set()
    for scope in traverse_scope(tree):
        for source in scope.sources.values():
            if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
                seen.add(id(source))
                yield source
        seen |= {id(table) for table in scope.tables}
    for table in tree.find_all(exp.Table):
        if id(table) not in seen and isinstance(table.this, exp.Identifier):
            yield table


def _check_table(table: exp.Table) -> str:
    if table.args.get("db") or table.args.get("catalog"):
        parts = "/".join(part.name for part in table.parts)
        raise Refused(
            f"{table.sql(DIALECT)} names a schema, and there are none",
            hint=f'a dataset of a project is written with a slash, in quotes: "{parts}"',
        )
    name = table_key(table)
    try:
        parse_ref(name)
    except Invalid:
        raise Refused(
            f"{name!r} is no dataset", hint='write `loans`, "credit/loans" or "loans@v3" after FROM'
        ) from None
    return name


def _function_names(tree: exp.Expr) -> Iterator[str]:
    for node in tree.find_all(exp.Func):
        if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
            yield node.name.lower()
        else:
            yield from (name.lower() for name in node.sql_names())


def _call_name(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return node.name
    if isinstance(node, exp.GenerateSeries):
        return "generate_series"
    return node.sql_name() if isinstance(node, exp.Func) else node.sql(DIALECT)


def _unreadable(error: Exception) -> Invalid:
    if isinstance(error, RecursionError):
        return Invalid("the SQL is nested too deeply", hint="name its parts with WITH")
    details = getattr(error, "errors", None) or [{}]
    line, column = details[0].get("line"), details[0].get("col")
    where = f"line {line}, column {column}: " if line else ""
    what = details[0].get("description") or str(error).partition("\n")[0]
    near = details[0].get("highlight")
    return Invalid(
        f"{where}the SQL cannot be read: {what}" + (f" near {near!r}" if near else ""),
        hint="the dialect is DuckDB's; write one SELECT",
        extra={"line": line, "column": column} if line else None,
    )


def _word(text: str) -> str:
    return text.split(None, 1)[0].upper()[:20]
