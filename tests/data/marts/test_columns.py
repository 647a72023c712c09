# ruff: noqa: E501 - an SQL text reads best in one line
"""Columns followed through SQL: what is read, and what comes from where."""

import pyarrow as pa
import pytest

from pomona.core.errors import Invalid
from pomona.data.marts.engine import SqlEngine
from pomona.data.marts.records import SqlWarning
from pomona.data.marts.rules.columns import Traced, check_outputs, trace
from pomona.data.marts.rules.reading import read_statement

COLUMNS = {
    "loans": ["id", "Customer", "seen", "amount"],
    "credit/pay@v3": ["customer", "paid_at", "amount"],
    "x": ["a", "b", "c"],
    "y": ["a", "d"],
}
ROWS = {
    "loans": {"id": [1, 2], "Customer": [7, 8], "seen": [5, 6], "amount": [1.0, 2.0]},
    "credit/pay@v3": {"customer": [7, 8], "paid_at": [4, 7], "amount": [3.0, 4.0]},
    "x": {"a": [1, 2], "b": [3, 4], "c": [5, 6]},
    "y": {"a": [1, 3], "d": [7, 8]},
}
PAY = '"credit/pay@v3"'
CASES: list[tuple[str, dict[str, str], dict[str, str]]] = [
    # SQL, sources by result column, columns read by table
    ("select a from x", {"a": "x.a"}, {"x": "a"}),
    ("select a as k, k + 1 as j from x", {"k": "x.a", "j": "x.a"}, {"x": "a"}),
    ("select count(*) as n from x", {"n": ""}, {"x": "a"}),
    ("select 1 as one", {"one": ""}, {}),
    ("select * from x join y using (a)", {"a": "x.a y.a", "b": "x.b", "c": "x.c", "d": "y.d"}, {"x": "a b c", "y": "a d"}),
    ("select b from x join y on x.a = y.a where d > 1", {"b": "x.b"}, {"x": "a b", "y": "a d"}),
    ("select * exclude (b) from x", {"a": "x.a", "c": "x.c"}, {"x": "a b c"}),
    ("select * replace (a + c as b) from x", {"a": "x.a", "b": "x.a x.c", "c": "x.c"}, {"x": "a b c"}),
    ("select a, (select max(d) from y where y.a = x.a) as m from x", {"a": "x.a", "m": "y.d"}, {"x": "a", "y": "a d"}),
    ("select c from x where a in (select a from y)", {"c": "x.c"}, {"x": "a c", "y": "a"}),
    ("select c from x semi join y using (a)", {"c": "x.c"}, {"x": "a c", "y": "a"}),
    ("select a from x union all select d from y", {"a": "x.a y.d"}, {"x": "a", "y": "d"}),
    ("select sum(b) over (partition by c order by a) as s from x", {"s": "x.a x.b x.c"}, {"x": "a b c"}),
    ("select t.z from (select a + b as z from x) t", {"z": "x.a x.b"}, {"x": "a b"}),
    ("with t as (select a, b from x), u as (from t) select b from u", {"b": "x.b"}, {"x": "a b"}),
    ("with recursive t as (select a from x union all select a + 1 from t where a < 5) select a from t", {"a": "x.a"}, {"x": "a"}),
    ("select list_transform([a], lambda v: v + b) as l from x", {"l": "x.a x.b"}, {"x": "a b"}),
    ("select {'k': a}.k as k from x", {"k": "x.a"}, {"x": "a"}),
    ("select distinct on (a) a, b from x order by c", {"a": "x.a", "b": "x.b"}, {"x": "a b c"}),
    ("select a, first(b order by c) as f from x group by a", {"a": "x.a", "f": "x.b x.c"}, {"x": "a b c"}),
    ("select a from x qualify row_number() over (partition by b order by c) = 1", {"a": "x.a"}, {"x": "a b c"}),
    ("select case when b > 3 then c else a end as w from x", {"w": "x.a x.b x.c"}, {"x": "a b c"}),
    (f"select l.id, p.amount as paid from loans l asof left join {PAY} p on p.customer = l.customer and p.paid_at <= l.seen",
     {"id": "loans.id", "paid": "credit/pay@v3.amount"}, {"loans": "id Customer seen", "credit/pay@v3": "customer paid_at amount"}),
    (f"with r as (select customer, avg(amount) m from {PAY} group by all) select id, m + amount as z from loans join r using (customer)",
     {"id": "loans.id", "z": "credit/pay@v3.amount loans.amount"}, {"loans": "id Customer amount", "credit/pay@v3": "customer amount"}),
]  # fmt: skip


def traced(sql: str) -> Traced:
    statement = read_statement(sql)
    found = trace(statement, {table: COLUMNS[table] for table in statement.tables})
    assert isinstance(found, Traced), found
    return found


@pytest.mark.parametrize(("sql", "sources", "read"), CASES, ids=lambda value: str(value)[:60])
def test_each_column_knows_where_it_comes_from(
    sql: str, sources: dict[str, str], read: dict[str, str]
) -> None:
    found = traced(sql)
    got = {
        name: " ".join(sorted(f"{table}.{column}" for table, column in pairs))
        for name, pairs in zip(found.outputs, found.sources, strict=True)
    }
    assert got == {name: " ".join(sorted(text.split())) for name, text in sources.items()}
    assert {table: " ".join(names) for table, names in found.read.items()} == read


@pytest.mark.parametrize("sql", [sql for sql, _, _ in CASES], ids=lambda sql: sql[:60])
def test_the_columns_that_are_read_are_enough(sql: str, engine: SqlEngine) -> None:
    """The same rows come of the columns said to be read as of all, and they do depend on nothing else."""
    statement, found = read_statement(sql), traced(sql)
    results = []
    for pick in (lambda table: COLUMNS[table], lambda table: found.read[table]):
        tables = {table: pa.table(ROWS[table]).select(list(pick(table))) for table in statement.tables}
        with engine.session(statement, tables, timeout_s=10) as reader:
            results.append(reader.read_all())
    assert sorted(map(str, results[0].to_pylist())) == sorted(map(str, results[1].to_pylist()))
    assert tuple(name.lower() for name in results[1].column_names) == found.outputs


@pytest.mark.parametrize(
    "sql",
    [
        "select columns('a.*') from x",
        "from x pivot (sum(a) for b in ('p'))",
        "select x from x",
        "select x.a, y from x join y using (a)",
    ],
)
def test_what_cannot_be_followed_is_said(sql: str) -> None:
    statement = read_statement(sql)
    found = trace(statement, {table: COLUMNS[table] for table in statement.tables})
    assert isinstance(found, SqlWarning)
    assert (found.kind, bool(found.hint)) == ("untraced", True)


def test_a_result_must_have_its_declared_columns_once() -> None:
    check_outputs(["id", "at"], key=["ID"], time_column="at")
    with pytest.raises(Invalid, match="two columns"):
        check_outputs(traced("select * from x, y").outputs, key=[], time_column=None)
    with pytest.raises(Invalid, match="'id'"):
        check_outputs(["a"], key=["id"], time_column=None)
    with pytest.raises(Invalid, match="time column"):
        check_outputs(["a"], key=["a"], time_column="at")
