"""Where columns go: which input columns an SQL text reads, and from which each result is computed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope, traverse_scope

from pomona.core.errors import Invalid
from pomona.data.marts.records import SqlWarning
from pomona.data.marts.rules.reading import DIALECT, Statement, table_key

Columns = Mapping[str, Sequence[str]]  # by table key: its columns as they are spelled


@dataclass(frozen=True)
class Traced:
    """A statement whose every column is known.

    Attributes:
        tree: The statement with each column qualified and each star written out.
        outputs: Names of the result's columns, in order; lower case.
        read: Per table the columns that are read, as the dataset spells them.
        sources: Per output the (table, column) pairs its values are computed from.
    """

    tree: exp.Query
    outputs: tuple[str, ...]
    read: dict[str, tuple[str, ...]]
    sources: tuple[tuple[tuple[str, str], ...], ...]


def trace(statement: Statement, columns: Columns) -> Traced | SqlWarning:
    """Follow every column of a statement; a warning if sqlglot cannot."""
    schema: dict[str, object] = {
        table.lower(): {name.lower(): "unknown" for name in names} for table, names in columns.items()
    }
    try:
        tree = qualify(
            statement.tree.copy(),
            schema=schema,
            dialect=DIALECT,
            validate_qualify_columns=False,
            quote_identifiers=False,
        )
        root = build_scope(tree)
        if root is None or tree.is_star or any(tree.find_all(exp.Pivot, exp.Columns)):
            return _untraced("COLUMNS(), a star or a pivot names columns only when it runs")
        whole = _whole_row(tree)
        if whole is not None:
            return _untraced(f"{whole!r} stands for a whole row")
        outputs = tuple(name.lower() for name in tree.named_selects)
        return Traced(
            tree=tree,
            outputs=outputs,
            read=_read(tree, columns, whole=_names_left_out(statement.tree)),
            sources=tuple(_sources(name, tree, root, schema, columns) for name in outputs),
        )
    except (SqlglotError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        # Its optimizer raises plain Python errors where it does not know a rare construct.
        return _untraced(str(error).partition("\n")[0] or type(error).__name__)


def check_outputs(outputs: Sequence[str], *, key: Sequence[str], time_column: str | None) -> None:
    """Refuse a result with two columns of one name, or without those it is declared to have.

    Raises:
        Invalid: Naming the column.
    """
    twice = sorted({name for name in outputs if list(outputs).count(name) > 1})
    if twice:
        raise Invalid(
            f"two columns of the result are called {twice[0]!r}",
            hint="give one of them another name with AS, or leave it out: `select * exclude (...)`",
        )
    for name, role in [*((name, "key") for name in key), *([(time_column, "time")] if time_column else [])]:
        if name.lower() not in outputs:
            raise Invalid(
                f"the result has no column {name!r}, which is the mart's {role} column",
                hint=f"it has: {', '.join(outputs[:30])}",
            )


def _untraced(why: str) -> SqlWarning:
    return SqlWarning(
        kind="untraced",
        message=f"columns cannot be followed through this SQL ({why}): no lineage, no look for leakage",
        hint="name the columns instead, and give each table a short name",
        line=None,
    )


def _whole_row(tree: exp.Query) -> str | None:
    """A table's name that is used as a value; None if there is none."""
    found = tree.find(exp.TableColumn)
    return found.name if found is not None else None


def _names_left_out(tree: exp.Query) -> bool:
    """A star with EXCLUDE, REPLACE or RENAME: DuckDB wants even the columns that are left out to exist."""
    return any(value for star in tree.find_all(exp.Star) for value in star.args.values())


def _read(tree: exp.Query, columns: Columns, *, whole: bool) -> dict[str, tuple[str, ...]]:
    """Columns by the alias they stand behind; one alias used twice counts for both tables."""
    if whole:
        return {table: tuple(names) for table, names in columns.items()}
    behind: dict[str, set[str]] = {}
    for scope in traverse_scope(tree):
        for alias, source in scope.sources.items():
            if isinstance(source, exp.Table) and table_key(source) in columns:
                behind.setdefault(alias.lower(), set()).add(table_key(source))
    wanted: dict[str, set[str]] = {table: set() for table in columns}
    for column in tree.find_all(exp.Column):
        tables = behind.get(column.table.lower(), set()) if column.table else set(columns)
        for table in tables:
            wanted[table].add(column.name.lower())
    return {table: _spelled(names, wanted[table]) for table, names in columns.items()}


def _spelled(names: Sequence[str], wanted: set[str]) -> tuple[str, ...]:
    found = tuple(name for name in names if name.lower() in wanted)
    return found or tuple(names[:1])  # count(*) needs rows, so one column must be there


def _sources(
    name: str, tree: exp.Query, root: Scope, schema: dict[str, object], columns: Columns
) -> tuple[tuple[str, str], ...]:
    node = lineage(name, tree, schema=schema, dialect=DIALECT, scope=root, copy=False)
    return tuple(dict.fromkeys(_leaves(node, columns)))


def _leaves(node: Node, columns: Columns) -> Iterator[tuple[str, str]]:
    for leaf in node.walk():
        if not leaf.downstream and isinstance(leaf.expression, exp.Table):
            table = table_key(leaf.expression)
            wanted = exp.to_column(leaf.name, dialect=DIALECT).name.lower()
            yield from ((table, own) for own in columns.get(table, ()) if own.lower() == wanted)
