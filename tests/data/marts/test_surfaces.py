"""Marts from Python, over HTTP and from the command line: the same words everywhere."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.data.marts.world import FEATURES, LOANS, PAYMENTS
from typer.testing import CliRunner

from pomona.cli.main import app as cli
from pomona.core.errors import Conflict, Invalid, NotFound, PomonaError, Refused, TooLarge
from pomona.sdk.client import Client, connect

LEAKY = 'select l.id, p.amount from "credit/loans" l join payments p using (customer)'


@pytest.fixture
def client(home: Path, records_address: str | None) -> Iterator[Client]:
    with connect(home=home) as opened:
        yield opened


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("POMONA_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*words: str) -> str:
        result = CliRunner().invoke(cli, list(words))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    return invoke


def test_a_mart_from_python(client: Client) -> None:
    assert len(client.marts.preview(FEATURES).rows) == 3
    made = client.marts.create("credit/features", FEATURES, key=["id"], time_column="at", rebuild="on_inputs")
    assert made.inputs == ("credit/loans", "payments")
    built = client.marts.build("credit/features", reason="first")
    assert (built.state, built.ref, built.reason) == (
        "built",
        "credit/features@v1",
        "local asks for it: first",
    )
    assert client.data.read("credit/features").num_rows == 3
    assert not client.marts.get("credit/features").stale
    changed = client.marts.change("credit/features", description="as of each loan", cron="0 3 * * *")
    assert (changed.rebuild, changed.cron, changed.revision) == ("cron", "0 3 * * *", 1)
    assert [one.mart.name for one in client.marts.list()] == ["credit/features"]
    assert [one.id for one in client.marts.builds("credit/features")] == [built.id]
    client.marts.remove("credit/features")
    with pytest.raises(NotFound):
        client.marts.get("credit/features")
    assert client.data.version("credit/features").rows == 3


def test_sql_once_from_python(client: Client) -> None:
    found = client.data.sql('select customer, count(*) as n from "credit/loans@v1" group by all order by 1')
    assert found.to_pylist() == [{"customer": 7, "n": 2}, {"customer": 8, "n": 1}]
    assert client.data.sql("from payments", limit=2).num_rows == 2
    assert client.data.sql("from payments where false").num_rows == 0


def test_every_error_is_the_same_as_inside(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    cases: list[tuple[str, type[PomonaError], str]] = [
        ("select * from nowhere", NotFound, "nowhere"),
        ("attach 'x'", Refused, "not allowed"),
        ("select nope from payments", Invalid, "line 1, column 8"),
        ("select (", Invalid, "cannot be read"),
        ("", Invalid, "empty"),
    ]
    for sql, kind, says in cases:
        for ask in (client.data.sql, client.marts.preview):
            with pytest.raises(kind, match=says) as caught:
                ask(sql)
            assert caught.value.hint
    monkeypatch.setattr("pomona.data.marts.running.QUERY_ROWS", 10)
    with pytest.raises(TooLarge, match="more than 10 rows"):
        client.data.sql("select * from range(11)")
    with pytest.raises(Invalid, match="below zero"):
        client.data.sql("select 1", limit=-1)


def test_a_build_that_fails_is_told_with_its_place(client: Client) -> None:
    client.marts.create("features", FEATURES.replace("p.amount", "'x'::int"), key=["id"], time_column="at")
    with pytest.raises(Invalid, match="line 2, column") as caught:
        client.marts.build("features")
    assert caught.value.hint
    with pytest.raises(Conflict):
        client.marts.create("features", FEATURES)


def test_a_mart_from_the_command_line(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "features.sql"
    file.write_text(FEATURES)
    assert "credit/features" not in run("marts", "ls")
    made = run("marts", "create", "credit/features", str(file), "--key", "id", "--time", "at", "--build")
    assert "reads credit/loans, payments" in made
    assert "credit/features@v1: 3 rows, 3 added" in made
    assert "holds these rows already" in run("marts", "build", "credit/features")
    shown = run("marts", "show", "credit/features")
    assert "asof left join payments" in shown
    assert "unchanged" in shown
    assert "payments@v1.amount" in run("marts", "lineage", "credit/features")
    assert "as built" in run("marts", "ls")
    assert "revision 1" in run("marts", "change", "credit/features", "--rebuild", "on_inputs")
    [line] = run("marts", "ls", "--json").splitlines()
    assert json.loads(line)["mart"]["rebuild"] == "on_inputs"
    assert "queued as job_" in run("marts", "build", "credit/features", "--no-wait")
    assert "forgotten" in run("marts", "rm", "credit/features", "--yes")
    assert "no mart yet" in run("marts", "ls")


def test_leakage_is_said_in_the_terminal(run: Any) -> None:
    result = CliRunner().invoke(cli, ["marts", "preview", LEAKY])
    assert "leakage" in result.output
    assert "ASOF JOIN p" in result.output
    assert json.loads(run("marts", "preview", LEAKY, "--json"))["warnings"][0]["line"] == 1


def test_sql_once_from_the_command_line(run: Any, tmp_path: Path) -> None:
    assert "20" in run("data", "sql", "select max(amount)::int - 10 as m from payments")
    assert json.loads(run("data", "sql", "select 1 as one", "--json")) == {"one": 1}
    run("data", "sql", "from payments", "--to", str(tmp_path / "p.parquet"))
    assert pq.read_table(tmp_path / "p.parquet").num_rows == len(PAYMENTS["pid"])
    with pytest.raises(NotFound, match=r"nothing\.sql"):
        run("data", "sql", "nothing.sql")
    assert "no rows" in run("data", "sql", f"select * from payments where pid > {len(LOANS)}99")
