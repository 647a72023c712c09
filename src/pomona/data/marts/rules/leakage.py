"""Looks for rows from after the label's time: joins, subqueries and windows that know no AS OF.

A source is *timed* if its rows happened at a time: a dataset with a time column, or a subquery over one.
To join a timed source is safe when its time is compared with something of the row it is joined to, in
the direction "not later": ``payments.at <= loans.at``. An ``ASOF JOIN`` needs such a comparison anyway.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from pomona.data.marts.records import SqlWarning
from pomona.data.marts.rules.reading import DIALECT, line_of, table_key

_RANKS = (exp.RowNumber, exp.Rank, exp.DenseRank)  # they choose rows, and carry no value
Times = Mapping[str, str]  # table name, lower case -> its time column


@dataclass(frozen=True)
class Timed:
    """What is known of a source's time.

    Attributes:
        columns: Its columns that say a time; none if it does not pass one on.
        anchor: The table its rows come from: a subquery that starts with it has one row for each of its rows.
    """

    columns: frozenset[str] = frozenset()
    timed: bool = False
    anchor: str = ""
    plain: bool = True  # a table itself


def find_leakage(tree: exp.Query, times: Times) -> list[SqlWarning]:
    """Warnings about values from the future, in the order of the text.

    Args:
        tree: A statement whose columns are all qualified (``rules.columns.trace``).
    """
    found = [warning for scope in traverse_scope(tree) for warning in _in_scope(scope, times)]
    unique = {(warning.message, warning.line): warning for warning in found}
    return sorted(unique.values(), key=lambda warning: warning.line or 0)


def _in_scope(scope: Scope, times: Times) -> Iterator[SqlWarning]:
    select = scope.expression
    if not isinstance(select, exp.Select):
        return
    known = _inside(scope, times)
    joined = [join.this.alias_or_name for join in select.args.get("joins") or []]
    for alias in joined:  # scopes leave out what SEMI and ANTI JOIN only look at
        if alias not in known and alias in scope.sources:
            known[alias] = _about(scope.sources[alias], times)
    where = _conjuncts(select.args.get("where"))
    before = [_first(select)]
    for join, alias in zip(select.args.get("joins") or [], joined, strict=True):
        yield from _join(join, alias, before, known, where, scope, times)
        before.append(alias)
    yield from _nested(scope, known, times)
    if any(about.timed for about in known.values()):
        yield from _windows(scope)


def _join(
    join: exp.Join,
    alias: str,
    before: Sequence[str],
    known: Mapping[str, Timed],
    where: Sequence[exp.Expr],
    scope: Scope,
    times: Times,
) -> Iterator[SqlWarning]:
    right = known.get(alias, Timed())
    if not right.timed:
        return
    anchors = {known[name].anchor for name in before if name in known}
    if not right.plain and right.anchor in anchors:
        return  # rows of the label table itself, with what was joined to them inside
    lateral = _lateral(scope.sources.get(alias))
    if lateral is not None and _outer_bound(lateral, times):
        return  # it looks back by itself
    conditions = [*_conjuncts(join.args.get("on")), *where]
    says = _compared(conditions, {alias: right.columns}, set(before))
    asof = str(join.args.get("method") or "").upper() == "ASOF"
    if says == "not later":
        return
    left = next((name for name in before if known.get(name, Timed()).timed), before[0] if before else "")
    yield _warning(alias, right, left, known.get(left, Timed()), says, asof=asof, line=line_of(join))


def _warning(
    alias: str, right: Timed, left: str, other: Timed, says: str, *, asof: bool, line: int | None
) -> SqlWarning:
    mine = f"{alias}.{min(right.columns)}" if right.columns else ""
    theirs = f"{left}.{min(other.columns)}" if other.columns else f"the time of {left}"
    if says == "later":
        message = f"{alias} is joined to {left} by what comes after: {mine} is not kept at or before {theirs}"
    elif asof:
        message = f"the ASOF JOIN of {alias} does not compare its time: rows from after {theirs} can come in"
    else:
        message = (
            f"{alias} is joined to {left} without AS OF or a time predicate: "
            f"rows from after {theirs} can come in"
        )
    if not mine:
        hint = f"pass the time column of {alias} on and compare it, or join inside it: `... <= {theirs}`"
    elif not other.columns:
        hint = f"name the time column of {left}'s dataset, then add `and {mine} <= {left}.<time>`"
    else:
        hint = f"ASOF JOIN {alias} ON ... AND {theirs} >= {mine}; or add `AND {mine} <= {theirs}`"
    return SqlWarning(kind="leakage", message=message, hint=hint, line=line)


def _nested(scope: Scope, known: Mapping[str, Timed], times: Times) -> Iterator[SqlWarning]:
    """Subqueries in SELECT and WHERE: correlated ones and those of IN and EXISTS are joins in disguise."""
    if not any(about.timed for about in known.values()):
        return
    for inner in scope.subquery_scopes:
        parent = inner.expression.parent
        parent = parent.parent if isinstance(parent, exp.Subquery) else parent
        joins = bool(inner.external_columns) or isinstance(parent, exp.In | exp.Any | exp.All)
        own = {alias for alias, about in _inside(inner, times).items() if about.timed}
        if joins and own and not _outer_bound(inner, times):
            left = next(alias for alias, about in known.items() if about.timed)
            yield SqlWarning(
                kind="leakage",
                message=f"a subquery over {min(own)} looks at rows from after the time of {left}, too",
                hint=f"compare the times inside it: `{min(own)}.<time> <= {left}.<time>`",
                line=line_of(inner.expression),
            )


def _outer_bound(inner: Scope, times: Times) -> bool:
    """A subquery compares the time of its rows with a column of the query around it."""
    outside = {column.table for column in inner.external_columns}
    own = {alias: about.columns for alias, about in _inside(inner, times).items() if about.timed}
    return _compared(_conjuncts(inner.expression.args.get("where")), own, outside) == "not later"


def _windows(scope: Scope) -> Iterator[SqlWarning]:
    for window in scope.find_all(exp.Window):
        ahead = _looks_ahead(window)
        if ahead and not isinstance(window.this, _RANKS):
            yield SqlWarning(
                kind="leakage",
                message=f"{window.this.sql(DIALECT)} over a window {ahead} looks at later rows, too",
                hint="order the window by the time column, upwards: it then ends at the row itself",
                line=line_of(window),
            )


def _looks_ahead(window: exp.Window) -> str:
    order, frame = window.args.get("order"), window.args.get("spec")
    if order is None:
        return "without ORDER BY"
    if isinstance(window.this, exp.Lead):
        return "(LEAD)"
    if frame is not None and str(frame.args.get("end_side") or "").upper() == "FOLLOWING":
        return "that ends after the row"
    return "in descending order" if order.expressions[0].args.get("desc") else ""


def _about(source: object, times: Times, above: tuple[Scope, ...] = ()) -> Timed:
    """``above``: the scopes being looked at; a recursive CTE meets itself there."""
    if isinstance(source, exp.Table):
        name = table_key(source)
        column = times.get(name)
        columns = frozenset({column.lower()}) if column else frozenset[str]()
        return Timed(columns=columns, timed=bool(column), anchor=name)
    if not isinstance(source, Scope) or source in above:
        return Timed(plain=False)
    if source.set_operation_scopes:
        parts = [_about(part, times, (*above, source)) for part in source.set_operation_scopes]
        return Timed(
            columns=frozenset[str]().union(*(part.columns for part in parts)),
            timed=any(part.timed for part in parts),
            anchor=parts[0].anchor,
            plain=False,
        )
    lateral = _lateral(source)
    if lateral is not None:
        inner = _about(lateral, times, (*above, source))
        return Timed(columns=inner.columns, timed=inner.timed, plain=False)
    return _derived(source, times, (*above, source))


def _lateral(source: object) -> Scope | None:
    """The subquery of a LATERAL join."""
    if isinstance(source, Scope) and isinstance(source.expression, exp.Lateral) and source.subquery_scopes:
        return source.subquery_scopes[0]
    return None


def _derived(scope: Scope, times: Times, above: tuple[Scope, ...]) -> Timed:
    select = scope.expression
    if not isinstance(select, exp.Select):
        return Timed(plain=False)
    inside = _inside(scope, times, above)
    passed = frozenset(
        one.alias_or_name.lower()
        for one in select.selects
        if any(
            column.name.lower() in inside.get(column.table, Timed()).columns
            for column in one.find_all(exp.Column)
        )
    )
    first = inside.get(_first(select), Timed())
    timed = any(about.timed for about in inside.values())
    return Timed(columns=passed, timed=timed, anchor=first.anchor, plain=False)


def _inside(scope: Scope, times: Times, above: tuple[Scope, ...] = ()) -> dict[str, Timed]:
    return {alias: _about(source, times, above) for alias, (_, source) in scope.selected_sources.items()}


def _first(select: exp.Select) -> str:
    """The alias of what stands right after FROM."""
    from_ = select.args.get("from_")
    return str(from_.this.alias_or_name) if from_ is not None else ""


def _conjuncts(clause: exp.Expr | None) -> list[exp.Expr]:
    if clause is None:
        return []
    body = clause.this if isinstance(clause, exp.Where) else clause
    body = body.unnest()
    return [part.unnest() for part in body.flatten()] if isinstance(body, exp.And) else [body]


def _compared(
    conditions: Sequence[exp.Expr], own: Mapping[str, Collection[str]], others: Collection[str]
) -> str:
    """``not later`` if a condition keeps the own time at or before the others' row, ``later`` if after it."""
    found = "nothing"
    for low, high in (pair for condition in conditions for pair in _ordered(condition)):
        low_own, high_own = _names_time(low, own), _names_time(high, own)
        low_other, high_other = _names_any(low, others), _names_any(high, others)
        if low_own and high_other and not low_other and not high_own:
            return "not later"
        if high_own and low_other and not low_own and not high_other:
            found = "later"
    return found


def _ordered(condition: exp.Expr) -> list[tuple[exp.Expr, exp.Expr]]:
    """Pairs (low, high) that a condition promises."""
    if isinstance(condition, exp.Between):
        return [(condition.args["low"], condition.this), (condition.this, condition.args["high"])]
    if not isinstance(condition, exp.Binary):
        return []
    left, right = condition.left, condition.right
    if isinstance(condition, exp.LT | exp.LTE):
        return [(left, right)]
    if isinstance(condition, exp.GT | exp.GTE):
        return [(right, left)]
    if isinstance(condition, exp.EQ) and _bare(left) and _bare(right):
        return [(left, right), (right, left)]
    return []


def _bare(side: exp.Expr | None) -> bool:
    return isinstance(side.this if isinstance(side, exp.Cast) else side, exp.Column)


def _names_time(side: exp.Expr, own: Mapping[str, Collection[str]]) -> bool:
    return any(column.name.lower() in own.get(column.table, ()) for column in side.find_all(exp.Column))


def _names_any(side: exp.Expr, tables: Collection[str]) -> bool:
    return any(column.table in tables for column in side.find_all(exp.Column))
