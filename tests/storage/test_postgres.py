"""PostgresDatabase keeps the Database contract, and says what is wrong when its server does not."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from tests.databases import Records
from tests.servers import Postgres

from pomona.core.errors import Conflict, Invalid, PomonaError, StorageFull, Tampered, Unavailable
from pomona.core.ports import Ledger
from pomona.core.requests import claiming
from pomona.sql import metadata
from pomona.storage.address import Address, address_of, keep, parse
from pomona.storage.clock import SystemClock
from pomona.storage.ledger import SqlLedger
from pomona.storage.migrations import current, head, upgrade
from pomona.storage.opening import open_database
from pomona.storage.postgres.connecting import WRITE_LOCK
from pomona.storage.postgres.database import PostgresDatabase
from pomona.storage.postgres.errors import translate
from pomona.testing.database import DatabaseContract, told

pytestmark = pytest.mark.postgres


@pytest.fixture
def address(postgres_records: Records) -> Address:
    return parse(postgres_records.clean())


@pytest.fixture
def database(address: Address) -> Iterator[PostgresDatabase]:
    opened = PostgresDatabase(address, SystemClock())
    yield opened
    opened.close()


@pytest.fixture
def other(address: Address) -> Iterator[PostgresDatabase]:
    """As another process has it."""
    opened = PostgresDatabase(address, SystemClock())
    yield opened
    opened.close()


@pytest.fixture
def ledger(database: PostgresDatabase) -> Ledger:
    return SqlLedger(database)


class TestPostgresDatabase(DatabaseContract):
    pass


def raw(address: Address) -> Any:
    return psycopg.connect(address.url, autocommit=True)


def cut_all(address: Address) -> None:
    """As a restart of the server does it."""
    with raw(address) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()"
        )


def test_a_changed_entry_breaks_the_chain(
    database: PostgresDatabase, ledger: Ledger, address: Address
) -> None:
    for name in ("pear", "quince", "fig"):
        database.write(lambda tx, name=name: tx.emit(told(name)))
    with raw(address) as connection:
        connection.execute('update events set data = \'{"name":"plum"}\' where seq = 2')
    with pytest.raises(Tampered, match="entry 2"):
        ledger.verify()


def test_processes_that_write_at_once_make_one_dense_log(
    database: PostgresDatabase, other: PostgresDatabase, ledger: Ledger
) -> None:
    with ThreadPoolExecutor(8) as threads:
        for name in range(200):
            for one in (database, other):
                threads.submit(one.write, lambda tx, name=name: tx.emit(told(str(name))))
    assert [entry.seq for entry in ledger.entries(limit=1000)] == list(range(1, 401))
    assert ledger.verify() == 400


def test_what_is_read_in_a_write_stays_true_until_its_end(
    database: PostgresDatabase, other: PostgresDatabase
) -> None:
    """Read, add one, write: from two processes at once no step is lost, as on SQLite."""
    database.write(lambda tx: tx.execute(text("insert into loop_cursors values ('n', 0)")))

    def add(tx: Any) -> None:
        seq = tx.execute(text("select seq from loop_cursors where name = 'n'")).scalar()
        tx.execute(text("update loop_cursors set seq = :seq where name = 'n'"), {"seq": seq + 1})

    with ThreadPoolExecutor(8) as threads:
        for _ in range(100):
            threads.submit(database.write, add)
            threads.submit(other.write, add)
    assert database.read(lambda tx: tx.execute(text("select seq from loop_cursors")).scalar()) == 200


def test_a_read_sees_one_moment(database: PostgresDatabase, ledger: Ledger) -> None:
    count = text("select count(*) from events")

    def twice(tx: Any) -> tuple[int, int]:
        before = tx.execute(count).scalar()
        threading.Thread(target=database.write, args=(lambda tx: tx.emit(told("pear")),)).start()
        while not ledger_len():
            time.sleep(0.01)
        return before, tx.execute(count).scalar()

    def ledger_len() -> int:
        found: list[int] = []
        thread = threading.Thread(target=lambda: found.append(ledger.last_seq()))
        thread.start()
        thread.join()
        return found[0]

    assert database.read(twice) == (0, 0)


def test_a_read_cannot_write(database: PostgresDatabase) -> None:
    with pytest.raises(PomonaError):
        database.read(lambda tx: tx.emit(told("pear")))


def test_a_read_within_a_read_needs_no_second_connection(address: Address) -> None:
    database = PostgresDatabase(address, SystemClock(), readers=1)
    assert database.read(lambda _: database.read(lambda tx: tx.execute(text("select 1")).scalar())) == 1
    database.close()


def test_texts_are_ordered_by_their_bytes(database: PostgresDatabase) -> None:
    """The test's database sorts as people do (a, B, ä, z): columns must not."""
    names = ["a", "B", "ä", "z", "a/b", "a0", "_", "Z"]
    for name in names:
        database.write(
            lambda tx, n=name: tx.execute(text("insert into loop_cursors values (:n, 1)"), {"n": n})
        )
    query = text("select name from loop_cursors order by name")
    assert database.read(lambda tx: tx.execute(query).scalars().all()) == sorted(names, key=str.encode)
    with raw(database.address) as connection:
        plain = connection.execute("select 'a' < 'B', 'ä' < 'z'").fetchone()
    assert plain == (True, True)


def test_sums_are_whole_numbers(database: PostgresDatabase) -> None:
    query = text(
        "select sum(x), avg(x), sum(y) from (values (9007199254740993::bigint, 0.5::float8)) v(x, y)"
    )
    total, mean, half = database.read(lambda tx: tx.execute(query).one())
    assert (total, type(total)) == (9007199254740993, int)
    assert (type(mean), half) == (float, 0.5)


@pytest.mark.parametrize("value", ["nul \x00 inside", 2**70])
def test_what_the_database_cannot_hold_is_the_callers_error(database: PostgresDatabase, value: Any) -> None:
    statement = (
        "insert into loop_cursors values (:v, 1)" if isinstance(value, str) else "select :v + 1::bigint"
    )
    with pytest.raises(Invalid, match="cannot hold"):
        database.write(lambda tx: tx.execute(text(statement), {"v": value}))


@pytest.mark.parametrize("count", [1, 3, 4, 200])
def test_any_number_of_rows_is_inserted_as_given(database: PostgresDatabase, count: int) -> None:
    rows: list[tuple[Any, ...]] = [
        (1, number, number - 2, 5, [0.1, 5e-324, -1e308, 3.0][number % 4], number % 2 == 0)
        for number in range(count)
    ]
    into = "INSERT INTO metric_history (run, key, step, at_ms, value, nan)"
    for _ in range(2):
        database.write(lambda tx: tx.insert_rows(into, rows, "ON CONFLICT DO NOTHING"))
    query = text("select run, key, step, at_ms, value, nan from metric_history order by key")
    assert [tuple(row) for row in database.read(lambda tx: tx.execute(query).all())] == rows
    texts = [(number, f'{{"{number}", \\\'NULL', "b" * number, "", "", 1, None) for number in range(count)]
    names = "id, run_id, name, user_id, state, started_ms, ended_ms"
    into = f"INSERT INTO runs ({names}, experiment, status, artifact_uri)"
    database.write(lambda tx: tx.insert_rows(into, [(*row, 0, "", "") for row in texts]))
    query = text(f"select {names} from runs order by id")
    assert [tuple(row) for row in database.read(lambda tx: tx.execute(query).all())] == texts


def test_a_restarted_server_is_found_again(database: PostgresDatabase, ledger: Ledger) -> None:
    database.write(lambda tx: tx.emit(told("pear")))
    assert len(ledger.entries()) == 1
    cut_all(database.address)
    database.write(lambda tx: tx.emit(told("quince")))
    assert len(ledger.entries()) == 2
    cut_all(database.address)
    assert len(ledger.entries()) == 2


def test_a_group_whose_connection_is_cut_is_written_once(
    database: PostgresDatabase, ledger: Ledger, address: Address
) -> None:
    cuts = iter([True])

    def cut(tx: Any) -> None:
        tx.emit(told("pear"))
        if next(cuts, False):
            cut_all(address)
        tx.emit(told("quince"))

    with claiming("k1") as claim:
        writes = [database.submit(cut), database.submit(lambda tx: tx.emit(told("fig")))]
        for item in writes:
            item.result(timeout=20)
    assert claim.written
    assert sorted(entry.data["name"] for entry in ledger.entries()) == ["fig", "pear", "quince"]
    assert ledger.verify() == 3


def test_a_commit_that_is_cut_off_is_not_acknowledged(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import RootTransaction

    commit = RootTransaction.commit

    def cut(transaction: RootTransaction) -> None:
        cut_all(database.address)
        commit(transaction)

    with claiming("k2") as claim, monkeypatch.context() as patched:
        patched.setattr(RootTransaction, "commit", cut)
        with pytest.raises(Unavailable, match="may be there or not"):
            database.write(lambda tx: tx.emit(told("pear")))
    assert not claim.written
    database.write(lambda tx: tx.emit(told("quince")))


def test_a_deadlock_is_tried_again(database: PostgresDatabase, address: Address, ledger: Ledger) -> None:
    """Ours never make one; somebody's psql may."""
    for name in ("a", "b"):
        database.write(
            lambda tx, n=name: tx.execute(text("insert into loop_cursors values (:n, 1)"), {"n": n})
        )
    mine, theirs = threading.Event(), threading.Event()
    again = text("update loop_cursors set seq = seq + 1 where name = :n")

    def circle(tx: Any) -> None:
        tx.execute(text("set local deadlock_timeout = '100ms'"))
        tx.execute(again, {"n": "a"})
        mine.set()
        theirs.wait(10)
        tx.execute(again, {"n": "b"})
        tx.emit(told("pear"))

    def stranger() -> None:
        with psycopg.connect(address.url) as connection:
            connection.execute("set deadlock_timeout = '60s'")
            connection.execute("update loop_cursors set seq = 7 where name = 'b'")
            mine.wait(10)
            theirs.set()
            connection.execute("update loop_cursors set seq = 7 where name = 'a'")

    thread = threading.Thread(target=stranger)
    thread.start()
    database.write(circle)
    thread.join()
    assert len(ledger.entries()) == 1


def test_who_waits_too_long_for_the_lock_is_told(address: Address) -> None:
    database = PostgresDatabase(address, SystemClock(), lock_wait_s=0.1)
    with raw(address) as stranger:
        stranger.execute(f"SELECT pg_advisory_lock({WRITE_LOCK})")
        database.read(lambda tx: tx.execute(text("select 1")))  # reads go on
        with pytest.raises(Unavailable, match="too long"):
            database.write(lambda tx: tx.emit(told("pear")))
    database.write(lambda tx: tx.emit(told("quince")))
    assert SqlLedger(database).verify() == 1
    database.close()


def test_the_doctor_sees_who_keeps_writers_waiting_and_what_is_not_safe(database: PostgresDatabase) -> None:
    with raw(database.address) as stranger:
        stranger.execute(f"SELECT pg_advisory_lock({WRITE_LOCK})")
        found = database.condition()
    assert found.where.startswith("PostgreSQL ")
    assert "geh3im" not in found.where
    assert any("keeps all writers waiting" in danger for danger in found.dangers)
    assert any("fsync is off" in danger for danger in found.dangers)  # as in all tests but those that kill


def test_after_a_scrub_no_table_file_holds_what_was_deleted(
    database: PostgresDatabase, postgres_records: Records
) -> None:
    secret = "a-secret-that-is-easy-to-find"
    for number in range(200):
        database.write(lambda tx, n=number: tx.link(f"{secret}-{n}", "tests", "hyp_1"))
    with raw(database.address) as connection:
        connection.execute("ANALYZE links")  # its statistics quote values
        database.write(lambda tx: tx.execute(text("delete from links")))
        connection.execute("CHECKPOINT")
        files = postgres_records.server.table_files()
        assert any(secret.encode() in path.read_bytes() for path in files)
        database.scrub()
        connection.execute("VACUUM FULL pg_statistic")  # needs a superuser: see the manual
        connection.execute("CHECKPOINT")
    assert not any(secret.encode() in path.read_bytes() for path in postgres_records.server.table_files())


def test_two_who_open_a_new_database_at_once_both_get_it(postgres_records: Records) -> None:
    address = parse(postgres_records.create("at_once"))
    databases = [PostgresDatabase(address, SystemClock()) for _ in range(3)]
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda database: upgrade(database.engine, metadata), databases))
    with databases[0].engine.connect() as connection:
        assert current(connection) == head()
    for database in databases:
        database.close()


def test_a_migrated_database_is_what_the_tables_say(postgres_records: Records) -> None:
    database = PostgresDatabase(parse(postgres_records.create("migrated")), SystemClock())
    upgrade(database.engine, metadata)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": False}
        )  # every text is of type text here
        assert compare_metadata(context, metadata) == []  # else: scripts/migration "what changed"
    database.close()


def test_a_database_in_another_encoding_is_refused(postgres_records: Records, tmp_path: Path) -> None:
    with raw(parse(postgres_records.server.url_of("postgres"))) as connection:
        connection.execute("DROP DATABASE IF EXISTS latin")
        connection.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    with pytest.raises(Invalid, match="LATIN1"):
        open_database(tmp_path, SystemClock(), metadata, address=postgres_records.server.url_of("latin"))
    assert not (tmp_path / "database.url").exists()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://reader:wrong@127.0.0.1:{port}/pomona", "password"),
        ("postgresql://reader:{password}@127.0.0.1:{port}/nowhere", "no database nowhere"),
        ("postgresql://nobody:{password}@127.0.0.1:{port}/pomona", "password"),
        ("postgresql://reader:hush@127.0.0.1:1/pomona", "does not answer"),
        ("postgresql://reader:hush@no-such-host.invalid/pomona", "no host of that name"),
    ],
)
def test_whoever_cannot_connect_is_told_why_without_a_password(
    postgres_records: Records, tmp_path: Path, url: str, says: str
) -> None:
    password = postgres_records.server.url_of("x").split(":")[2].split("@")[0]
    wanted = url.format(port=postgres_records.server.port, password=password)
    with pytest.raises(Unavailable, match=says) as caught:
        open_database(tmp_path, SystemClock(), metadata, address=wanted)
    assert caught.value.hint
    for secret in (password, "wrong", "hush"):
        assert secret not in str(caught.value)


def test_a_home_finds_its_database_again_and_takes_no_other(
    postgres_records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres_records.clean()
    database = open_database(tmp_path, SystemClock(), metadata, address=url)
    database.write(lambda tx: tx.emit(told("pear")))
    database.close()
    kept = (tmp_path / "database.url").read_text()
    assert "@127.0.0.1" in kept
    assert ":" not in kept.split("//")[1].split("@")[0]
    monkeypatch.setenv("PGPASSWORD", psycopg.conninfo.conninfo_to_dict(url)["password"])
    again = open_database(tmp_path, SystemClock(), metadata)
    assert len(SqlLedger(again).entries()) == 1
    again.close()
    with pytest.raises(Conflict, match="has its records in"):
        open_database(tmp_path, SystemClock(), metadata, address=postgres_records.server.url_of("other"))


def test_a_full_disk_is_told() -> None:
    error = psycopg.errors.DiskFull("could not extend file: No space left on device")
    assert isinstance(translate(error, parse("postgresql://h/d")), StorageFull)


def test_a_stopped_server_is_told_and_waited_for(tmp_path_factory: pytest.TempPathFactory) -> None:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="pomona-stopped-") as root:
        server = Postgres(Path(root))
        server.run("SELECT 1")
        address = parse(server.url_of("postgres"))
        database = PostgresDatabase(address, SystemClock())
        upgrade(database.engine, metadata)
        database.write(lambda tx: tx.emit(told("pear")))
        server.stop("fast")
        back = threading.Timer(0.3, server.start)
        back.start()
        database.write(lambda tx: tx.emit(told("quince")))
        assert SqlLedger(database).verify() == 2
        back.join()
        database.close()
        database = PostgresDatabase(address, SystemClock(), patience_s=0.2)
        database.write(lambda tx: tx.emit(told("plum")))
        SqlLedger(database).entries()
        server.stop("fast")
        with pytest.raises(Unavailable, match="does not answer"):
            database.write(lambda tx: tx.emit(told("fig")))
        with pytest.raises(Unavailable, match="does not answer"):
            SqlLedger(database).entries()
        database.close()
        server.start()
        server.stop()


def test_addresses_are_read() -> None:
    assert parse("postgres://ann:p%40ss@h:5433/d?sslmode=require&password=x").shown == (
        "postgresql://ann@h:5433/d?sslmode=require"
    )
    assert "p%40ss" not in repr(parse("postgres://ann:p%40ss@h/d"))
    for wrong in ("mysql://h/d", "postgresql://h", "/some/file.db", "postgresql://h:port/d"):
        with pytest.raises(Invalid):
            parse(wrong)


def test_a_home_on_sqlite_stays_there(tmp_path: Path) -> None:
    (tmp_path / "pomona.db").touch()
    with pytest.raises(Conflict, match="in SQLite"):
        address_of(tmp_path, "postgresql://h/d")
    keep(tmp_path / "", parse("postgresql://h/d"))
