"""Every refusal of the API leaves as a problem document that says what to do."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import StatementError
from tests.server.calling import Said, call

from pomona.app import App, open_app
from pomona.core.errors import Invalid
from pomona.data.records import NewDataset
from pomona.server import main
from pomona.server.auth import Access, Asgi
from pomona.server.errors import problem_of
from pomona.server.ui import _built


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    opened = open_app(tmp_path_factory.mktemp("home"))
    opened.data.create(NewDataset(name="orchard", key=("tree",)))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def served(app: App) -> Asgi:
    return main.build(app, Access(token=None))


def check_problem(said: Said, status: int) -> Any:
    assert said.status == status, said.body
    assert said.headers["content-type"] == "application/problem+json"
    assert said.json["status"] == status
    assert said.json["hint"]
    return said.json


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff\xfe", b'"\\ud800"', b"[" * 100_000, b"9" * 5000, b'{"name": NaN}', b""],
    ids=["cut off", "no text", "half a character", "deep", "long number", "NaN", "empty"],
)
def test_a_body_that_is_no_json_of_ours_is_refused(served: Asgi, body: bytes) -> None:
    said = call(served, "POST", "/api/v1/hypotheses", body=body)
    assert said.status in (400, 422)
    check_problem(said, said.status)


@pytest.mark.parametrize("number", [1 << 63, 1 << 70, -(1 << 70), "9" * 5000])
@pytest.mark.parametrize("name", ["after", "limit"])
def test_a_number_beyond_64_bits_is_refused_or_bounded(served: Asgi, name: str, number: object) -> None:
    said = call(served, "GET", "/api/v1/events", {name: number})
    assert said.status in (200, 400, 422), said.body


def test_a_number_that_no_column_holds_is_the_caller_s_fault() -> None:
    """SQLAlchemy wraps what goes wrong while it prepares a parameter."""
    for cause in (OverflowError("too large"), Invalid("no time", hint="send one"), RecursionError("deep")):
        problem = problem_of(StatementError("wrapped", "insert", {}, cause), "/x")
        assert (problem.status, bool(problem.hint)) == (422, True)


def test_a_method_that_is_not_there_says_where_the_api_is_listed(served: Asgi) -> None:
    said = call(served, "PATCH", "/api/v1/hypotheses")
    assert "/api/v1/schema" in check_problem(said, 405)["hint"]
    assert "GET" in said.headers["allow"]


def test_a_body_too_large_is_refused_but_a_table_may_have_any_size(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "MAX_BODY", 1000)
    served = main.build(app, Access(token=None))
    statement = json.dumps({"name": "pears", "statement": "x" * 2000}).encode()
    assert "dataset" in check_problem(call(served, "POST", "/api/v1/hypotheses", body=statement), 413)["hint"]
    said = call(served, "POST", "/api/v1/hypotheses", body=statement, content_length=str(len(statement)))
    check_problem(said, 413)
    table = b"tree\n" + b"".join(b"%d\n" % number for number in range(20_000))
    assert (
        call(served, "POST", "/api/v1/datasets/orchard/versions", body=table, kind="text/csv").status == 201
    )


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/outcomes/waiting"])
@pytest.mark.parametrize("limit", [0, -5, 1_000_000])
def test_a_list_without_pages_has_bounds(served: Asgi, path: str, limit: int) -> None:
    said = call(served, "GET", path, {"limit": limit})
    assert said.status == 200
    assert len(said.json) <= 1000


@pytest.mark.parametrize("wait_s", ["nan", "-1", "-inf", "0"])
def test_waiting_for_no_time_answers_at_once(served: Asgi, wait_s: str) -> None:
    began = time.monotonic()
    said = call(served, "GET", "/api/v1/quiet", {"wait_s": wait_s})
    assert said.status == 200
    assert time.monotonic() - began < 5.0


@pytest.mark.parametrize("name", ["x\x00y", "x" * 5000, "../../../etc/passwd", "é" * 300, "/etc/passwd"])
def test_a_name_that_no_page_of_ours_can_have_is_no_file(served: Asgi, name: str) -> None:
    assert _built(name) is None
    assert call(served, "GET", f"/{name}").status == 200  # the app's own page says what is not there
    check_problem(call(served, "GET", f"/{name}.js"), 404)


def test_an_unexpected_error_tells_nothing_but_that_it_was_logged(caplog: pytest.LogCaptureFixture) -> None:
    problem = problem_of(KeyError("secret"), "/x")
    assert problem.status == 500
    assert "secret" not in problem.detail
    assert "secret" in caplog.text


def test_a_path_of_the_api_that_is_not_there_says_where_it_is_listed(served: Asgi, tmp_path: Path) -> None:
    assert "/api/v1/schema" in check_problem(call(served, "GET", "/api/v1/pears"), 404)["hint"]
