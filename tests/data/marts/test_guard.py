# ruff: noqa: E501 - an SQL text reads best in one line
"""SQL of a stranger: whatever is no SELECT over datasets is refused before it runs."""

from pathlib import Path

import pyarrow as pa
import pytest

from pomona.core.errors import Invalid, PomonaError, Refused
from pomona.data.marts.engine import SqlEngine
from pomona.data.marts.rules.reading import Statement, read_statement

ATTACKS = [
    # Statements that change something
    "create table x as select 1",
    "create or replace view loans as select 1",
    "create macro f() as 1",
    "create secret s (type s3, key_id 'a', secret 'b')",
    "drop table loans",
    "alter table loans add column z int",
    "insert into loans values (1)",
    "update loans set id = 2",
    "delete from loans",
    "truncate loans",
    "merge into loans using pay on true when matched then delete",
    "with gone as (delete from loans returning *) select * from gone",
    "with a as (select 1) insert into loans select * from a",
    "select 1 into outside",
    "comment on table loans is 'x'",
    # Files, databases, the network
    "copy loans to '/tmp/out.csv'",
    "copy (select 1) to '/tmp/out.csv'",
    "copy loans from '/etc/passwd'",
    "export database '/tmp/out'",
    "import database '/tmp/out'",
    "attach '/tmp/other.db' as other",
    "attach 'postgres://host/db' as pg (type postgres)",
    "detach memory",
    "install httpfs",
    "force install httpfs from 'http://example.org'",
    "load '/tmp/evil.duckdb_extension'",
    "select * from '/etc/passwd'",
    "select * from 'https://example.org/x.parquet'",
    'select * from "/etc/passwd"',
    'select * from "s3://bucket/key.parquet"',
    'select * from "../../pomona.db"',
    "select * from read_csv('/etc/passwd')",
    "select * from read_csv_auto(['/etc/passwd'])",
    "select * from READ_TEXT('/etc/passwd')",
    "select * from read_blob('/proc/self/environ')",
    "select * from read_json_auto('/x.json')",
    "select * from read_ndjson_objects('/x.json')",
    "select * from read_parquet('/x.parquet')",
    "select * from parquet_scan('/x.parquet')",
    "select * from parquet_metadata('/x.parquet')",
    "select * from sniff_csv('/etc/passwd')",
    "select * from glob('/*')",
    "select * from delta_scan('/t')",
    "select * from iceberg_scan('/t')",
    "select * from sqlite_scan('/x.db', 't')",
    "select * from postgres_scan('host=x', 'public', 't')",
    "select (select content from read_text('/etc/passwd'))",
    "select * from loans where id in (select 1 from read_text('/etc/passwd'))",
    "with a as (from read_text('/etc/passwd')) select * from a",
    "from loans join read_csv('/etc/passwd') on true",
    "select * from loans, lateral (select * from glob('/*'))",
    "select getenv('HOME')",
    # SQL in a string, plain memory
    "select * from query('select * from read_text(''/etc/passwd'')')",
    "select * from query_table('loans')",
    "select * from query_table(['/etc/passwd'])",
    "select * from json_execute_serialized_sql(json_serialize_sql('select 1'))",
    "select json_serialize_sql('select 1')",
    "select json_deserialize_sql('{}')",
    "select * from arrow_scan(0::pointer, 0::pointer, 0::pointer)",
    "select * from pandas_scan(1::pointer)",
    "select * from python_map_function(1::pointer, 2::pointer)",
    "select * from seq_scan('loans')",
    # The engine and its settings
    "set threads = 64",
    "set enable_external_access = true",
    "reset lock_configuration",
    "pragma database_list",
    "pragma enable_profiling",
    "call pragma_version()",
    "use memory",
    "checkpoint",
    "vacuum",
    "analyze",
    "begin",
    "prepare p as select 1",
    "execute p",
    "explain analyze select 1",
    "describe loans",
    "summarize loans",
    "show tables",
    "select * from (describe loans)",
    "select * from (show tables)",
    "select * from (summarize loans)",
    "select * from duckdb_settings()",
    "select * from duckdb_secrets()",
    "select * from duckdb_tables",
    "select * from pragma_table_info('loans')",
    "select * from checkpoint()",
    "select * from enable_logging()",
    "select current_setting('temp_directory')",
    "select getvariable('x')",
    "select current_query()",
    "select nextval('s')",
    "select write_log('x')",
    "select sleep_ms(100000)",
    "select pg_sleep(100)",
    "select * from information_schema.tables",
    "select * from pg_catalog.pg_class",
    "select * from memory.main.loans",
    "select * from system.information_schema.columns",
    "select * from loans at (version => 1)",
    # Several, none, half a statement
    "select 1; drop table loans",
    "select 1; select 2",
    "drop table loans; select 1",
    "; ",
    "",
    "   \n",
    "-- only a comment",
    "select 1 /* ; */; attach 'x'",
    "values (1)",
    "select $1",
    "select ?",
    "select * from loans where id = $id",
    "select * frm loans where",
    "select \0 from loans",
    "(" * 5000 + "select 1" + ")" * 5000,
    "select " + "-" * 3 + "(" * 4000 + "1" + ")" * 4000,
    "select 1 from loans where " + "not " * 20000 + "true",
    "select '" + "x" * 200_000 + "'",
]
HARMLESS = [
    "select * from loans",
    "from loans",
    'select * from "credit/loans@v3" l join "loans@newest" using (id)',
    "select * from LOANS",
    "with a as (select id from loans), b as (from a) select * from b",
    "with loans as (select * from loans) select * from loans",
    "with recursive t as (select 1 n union all select n + 1 from t where n < 5) select * from t",
    "select * from range(3) r(i), generate_series(1, 2) g(j)",
    "select unnest([{'a': 1}], recursive := true), * from unnest([1, 2]) u(x)",
    'select read_only, "read_csv", query from (select 1 read_only, 2 read_csv, 3 query)',
    "select 'drop table loans; attach' as text -- copy\n;",
    "select * from loans asof left join pay using (customer, seen)",
    "select * exclude (id) replace (upper(name) as name) from loans",
    "select columns('a.*') from loans",
    "select list_transform([1], lambda v: v + 1), regexp_extract('a', 'b'), json_extract('{}', '$.a')",
    "from loans pivot (count(*) for late in (true, false))",
    "select * from (values (1), (2)) t(x)",
    "select count(*) filter (where id > 1), quantile_cont(x, 0.5) over w from loans window w as (order by id)",
    "select id from loans union all by name select id from pay intersect select 1 id",
    "select date_trunc('month', seen), seen - interval 1 day, epoch_ms(seen) from loans qualify row_number() over () = 1",
    "select * from loans tablesample 10%",
    "(select 1)",
    "table loans",
]


@pytest.mark.parametrize("sql", ATTACKS, ids=lambda sql: sql[:50] or "nothing")
def test_an_attack_is_refused_before_it_runs(sql: str, engine: SqlEngine) -> None:
    with pytest.raises((Refused, Invalid)) as caught:
        read_as_dataset_names_only(sql, engine)
    assert caught.value.hint


def read_as_dataset_names_only(sql: str, engine: SqlEngine) -> None:
    statement = read_statement(sql)
    engine.check(statement)
    unknown = set(statement.tables) - {"loans", "pay"}
    if unknown:  # what names no dataset is not found, and no text of it has been run
        raise Refused(f"no dataset {unknown}", hint="list them")


def test_the_corpus_is_large_enough() -> None:
    assert len(ATTACKS) >= 100


@pytest.mark.parametrize("sql", HARMLESS, ids=lambda sql: sql[:50])
def test_ordinary_sql_is_let_through(sql: str, engine: SqlEngine) -> None:
    engine.check(read_statement(sql))


@pytest.mark.parametrize(
    "sql", [sql for sql in ATTACKS if sql.strip() and len(sql) < 300], ids=lambda sql: sql[:50]
)
def test_the_engine_lets_nothing_out_even_if_the_guard_slept(
    sql: str, engine: SqlEngine, tmp_path: Path
) -> None:
    """The text goes straight to the locked connection: it may run, but reaches no file and changes nothing."""
    secret = tmp_path / "secret.txt"
    secret.write_text("pomegranate")
    text = (
        sql.replace("/etc/passwd", str(secret))
        .replace("/tmp/", f"{tmp_path}/")
        .replace("/*", f"{tmp_path}/*")
    )
    found: list[str] = []
    if "sleep" in text or "pointer" in text:
        return  # waits, or reads memory: the guard's part alone
    with engine._connected() as connection:
        connection.register("loans", pa.table({"id": [1]}))
        try:
            found = [str(row) for row in connection.execute(text).fetchall()]
        except Exception as error:  # noqa: BLE001 - whatever it says, it must not have read the file
            found = [str(error)]
    assert not any("pomegranate" in line for line in found)
    assert [path.name for path in tmp_path.iterdir() if path.name != "spill"] == ["secret.txt"]


def test_what_duckdb_reads_otherwise_than_sqlglot_is_refused(engine: SqlEngine) -> None:
    for text in (
        "select * from secrets",
        "select * from glob('/*')",
        "select nextval('x')",
        "select 1; select 2",
    ):
        with pytest.raises(PomonaError):
            engine.check(
                Statement(sql=text, tree=read_statement("select 1").tree, tables=(), functions=frozenset())
            )


def test_the_place_of_a_mistake_is_named_in_lines_of_the_text_as_written() -> None:
    with pytest.raises(Invalid) as caught:
        read_statement("\n\nselect id\n  frm loans l x y")
    assert caught.value.extra["line"] == 4


def test_a_project_s_dataset_without_quotes_is_explained() -> None:
    with pytest.raises(Refused, match="schema") as caught:
        read_statement("select * from credit.loans")
    assert '"credit/loans"' in str(caught.value.hint)
