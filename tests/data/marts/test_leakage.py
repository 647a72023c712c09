# ruff: noqa: E501 - an SQL text reads best in one line
"""Leakage is named before it costs money: rows from after the label's time in joins, subqueries, windows."""

import pytest

from pomona.data.marts.records import SqlWarning
from pomona.data.marts.rules.columns import Traced, trace
from pomona.data.marts.rules.leakage import find_leakage
from pomona.data.marts.rules.reading import read_statement

COLUMNS = {
    "loans": ["id", "customer", "at", "amount"],
    "pay": ["customer", "paid_at", "amount"],
    "cust": ["customer", "city"],
}
TIMES = {"loans": "at", "pay": "paid_at"}
LEAKS = [
    "select l.id from loans l asof join pay p on l.customer=p.customer and l.at<=p.paid_at",
    "select l.id from loans l asof join pay p on l.customer=p.customer and l.amount>=p.amount",
    "select l.id from loans l join pay p on l.customer=p.customer",
    "select l.id\n from loans l\n left join pay p using (customer)",
    "select l.id from loans l, pay p where p.customer=l.customer",
    "select l.id from loans l, pay p where p.customer=l.customer and (p.paid_at < l.at or true)",
    "select l.id from loans l, pay p where p.customer=l.customer and p.paid_at > l.at",
    "select l.id from loans l, pay p where p.customer=l.customer and p.paid_at < now()",
    "with r as (select customer, avg(amount) m from pay group by 1) select l.id, r.m from loans l join r using (customer)",
    "with f as (select l.id, avg(p.amount) m from loans l left join pay p on p.customer=l.customer group by 1) select l.*, f.m from loans l join f using (id)",
    "select l.id, (select avg(amount) from pay p where p.customer=l.customer) m from loans l",
    "select l.id from loans l where customer in (select customer from pay)",
    "select l.id from loans l where exists (select 1 from pay p where p.customer=l.customer)",
    "select l.id, m from loans l, lateral (select avg(amount) m from pay p where p.customer=l.customer) x",
    "select l.id, m.amount from loans l join loans m using (customer)",
    "select id, avg(amount) over (partition by customer) from loans",
    "select id, avg(amount) over (partition by customer order by at rows between 1 preceding and 1 following) from loans",
    "select id, lead(amount) over (partition by customer order by at) from loans",
    "select id, first_value(amount) over (partition by customer order by at desc) from loans",
    "select l.id from loans l left join (select * from pay union all select * from pay) p using (customer)",
    "select l.id from loans l semi join pay p using (customer)",
    "select l.id from loans l positional join pay p",
]
SAFE = [
    "select * from loans l asof join pay p on p.customer=l.customer and p.paid_at<=l.at",
    "select * from loans l asof left join pay p on l.customer=p.customer and l.at>p.paid_at",
    "select l.id from loans l asof join (select customer, paid_at as at, amount from pay) p using (customer, at)",
    "select l.id from loans l left join pay p on p.customer=l.customer and p.paid_at < l.at - interval 1 day group by all",
    "select l.id from loans l left join pay p on p.customer=l.customer and p.paid_at between l.at - interval 30 day and l.at",
    "select l.id from loans l, pay p where p.customer=l.customer and p.paid_at < l.at",
    "select l.id, c.city from loans l join cust c using (customer)",
    "with r as (select customer, max(paid_at) last, avg(amount) m from pay group by 1) select l.id, r.m from loans l join r on r.customer=l.customer and r.last <= l.at",
    "with f as (select l.id, avg(p.amount) m from loans l left join pay p on p.customer=l.customer and p.paid_at<l.at group by 1) select l.*, f.m from loans l join f using (id)",
    "select l.id, (select avg(amount) from pay p where p.customer=l.customer and p.paid_at<l.at) m from loans l",
    "select l.id from loans l where at > (select min(paid_at) from pay)",
    "select l.id, m from loans l, lateral (select avg(amount) m from pay p where p.customer=l.customer and p.paid_at<l.at) x",
    "select customer, avg(amount) from pay group by 1",
    "select l.id, m.amount from loans l join loans m on m.customer=l.customer and m.at < l.at",
    "select id, avg(amount) over (partition by customer order by at) from loans",
    "select id from loans qualify row_number() over (partition by customer order by at desc) = 1",
    "select l.id from loans l join pay p on p.customer=l.customer where p.paid_at <= l.at",
    "select l.id from loans l join pay p on p.customer=l.customer and date_trunc('day', p.paid_at) < l.at",
    "with recursive t as (select id from loans union all select id + 1 from t where id < 3) select * from t",
    "select * from loans union all select * from loans",
    "select l.id from cust c join loans l on false where l.at is null and 1 = 1 and l.at <= c.city",
]


def warnings(sql: str) -> list[SqlWarning]:
    statement = read_statement(sql)
    found = trace(statement, {table: COLUMNS[table] for table in statement.tables})
    assert isinstance(found, Traced), found
    return find_leakage(found.tree, TIMES)


@pytest.mark.parametrize("sql", LEAKS)
def test_a_way_for_the_future_to_come_in_is_named(sql: str) -> None:
    found = warnings(sql)
    assert found
    assert all(warning.kind == "leakage" and warning.hint and warning.line for warning in found)


@pytest.mark.parametrize("sql", SAFE)
def test_sql_that_looks_back_is_not_blamed(sql: str) -> None:
    assert warnings(sql) == []


def test_a_warning_says_which_join_and_how_to_write_it() -> None:
    [found] = warnings("select l.id, p.amount\nfrom loans l\nleft join pay p on p.customer = l.customer")
    assert found.line == 3
    assert "p is joined to l without AS OF" in found.message
    assert "l.at >= p.paid_at" in found.hint


def test_the_wrong_direction_is_told_from_no_direction() -> None:
    [found] = warnings("select l.id from loans l join pay p on p.customer = l.customer and p.paid_at >= l.at")
    assert "what comes after" in found.message


def test_each_join_of_a_chain_is_looked_at() -> None:
    sql = "select l.id from loans l join pay p using (customer) join pay q on q.customer = l.customer and q.paid_at < l.at"
    assert len(warnings(sql)) == 1


def test_a_join_to_a_table_without_a_time_cannot_be_bounded() -> None:
    [found] = warnings("select c.city, p.amount from cust c join pay p using (customer)")
    assert "time column of c" in found.hint
