"""Nobody comes in who does not belong: tokens, sessions, Host and Origin."""

import asyncio
import base64
import json
import time
from typing import Any

import pytest

from pomona.core.actors import current_actor
from pomona.server.auth import Access, Guard, new_session, session_is_valid
from pomona.server.mlflow.app import refusal

TOKEN = "quince"


async def _inner(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": current_actor().encode()})


def call(
    method: str = "GET",
    path: str = "/api/v1/jobs",
    *,
    access: Access | None = None,
    query: str = "",
    host: str = "127.0.0.1:7700",
    **headers: str,
) -> tuple[int, dict[str, str], bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    raw = [(b"host", host.encode())] + [
        (k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()
    ]
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": raw}
    asyncio.run(Guard(_inner, access or Access(token=TOKEN), refusal)(scope, receive, send))
    got: dict[str, str] = {}
    for name, value in sent[0]["headers"]:
        got[name.decode()] = ", ".join(filter(None, [got.get(name.decode()), value.decode()]))
    return sent[0]["status"], got, sent[1]["body"]


def test_without_a_token_nothing_is_answered_but_health_and_login() -> None:
    assert call()[0] == 401
    assert call(path="/health")[0] == 200
    assert call(path="/login")[0] == 401


def test_the_token_opens_as_bearer_and_as_basic_password() -> None:
    basic = base64.b64encode(f"ann:{TOKEN}".encode()).decode()
    assert call(authorization=f"Bearer {TOKEN}")[0] == 200
    assert call(authorization=f"Basic {basic}")[0] == 200


@pytest.mark.parametrize(
    "value", ["Bearer plum", "Bearer ", "Basic !!!", "Basic " + base64.b64encode(b"a:b").decode()]
)
def test_a_wrong_token_is_refused(value: str) -> None:
    assert call(authorization=value)[0] == 401


def test_a_login_link_works_once_and_leaves_a_session() -> None:
    access = Access(token=TOKEN, login_codes={"once"})
    status, headers, _ = call(path="/login", query="code=once", access=access)
    assert (status, headers["location"]) == (303, "/")
    assert "HttpOnly" in headers["set-cookie"]
    assert "SameSite=Strict" in headers["set-cookie"]
    assert call(cookie=headers["set-cookie"].partition(";")[0])[0] == 200
    assert call(path="/login", query="code=once", access=access)[0] == 401


def test_a_session_ends_and_cannot_be_forged() -> None:
    value = new_session(TOKEN, now_s=1000.0)
    assert session_is_valid(value, TOKEN, now_s=2000.0)
    assert not session_is_valid(value, TOKEN, now_s=1000.0 + 31 * 86_400)
    assert not session_is_valid(value, "another token", now_s=2000.0)
    assert not session_is_valid("9999999999." + value.partition(".")[2], TOKEN, now_s=2000.0)
    assert not session_is_valid("", TOKEN, now_s=2000.0)


def test_a_rebound_host_name_is_refused() -> None:
    assert call(host="evil.example", authorization=f"Bearer {TOKEN}")[0] == 403


def test_a_foreign_page_may_not_write() -> None:
    headers = {"authorization": f"Bearer {TOKEN}", "origin": "http://evil.example"}
    assert call("POST", **headers)[0] == 403
    assert call("POST", authorization=f"Bearer {TOKEN}", origin="http://127.0.0.1:7700")[0] == 200


def test_without_authentication_everybody_is_local() -> None:
    assert call(access=Access(token=None))[2] == b"local"


@pytest.mark.parametrize("name", ["system", "loop", "Loop", "anonymous", "job:job_1", "JOB:x"])
def test_nobody_can_act_in_the_name_of_pomona_itself(name: str) -> None:
    status, _, body = call(access=Access(token=None), x_pomona_actor=name)
    assert status == 422
    assert b"is Pomona itself" in body


@pytest.mark.parametrize("name", ["a" * 201, "ann\x00", "ann\u2028bob", "\x1b[31m"])
def test_a_name_that_could_not_be_shown_is_refused(name: str) -> None:
    status, _, body = call(access=Access(token=None), x_pomona_actor=name)
    assert status == 422
    assert b"printable" in body


@pytest.mark.parametrize(("name", "actor"), [("J\u00fcrgen", "J\u00fcrgen"), (" ann ", "ann"), ("", "admin")])
def test_a_program_may_say_for_whom_it_acts(name: str, actor: str) -> None:
    assert call(authorization=f"Bearer {TOKEN}", x_pomona_actor=name)[2].decode() == actor


def test_a_browser_s_session_acts_as_nobody_else() -> None:
    session = f"pomona_session={new_session(TOKEN, now_s=time.time())}"
    assert call(cookie=session, x_pomona_actor="ann")[2] == b"admin"


@pytest.mark.parametrize("origin", ["http://[", "null", "http://127.0.0.1:7700.evil.example", "evil"])
def test_an_origin_that_is_not_ours_may_not_write(origin: str) -> None:
    assert call("POST", authorization=f"Bearer {TOKEN}", origin=origin)[0] == 403


def test_a_websocket_is_closed_unseen() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def nothing(*_: Any) -> Any:
        raise AssertionError("nobody looks at it")

    scope = {"type": "websocket", "path": "/api/v1/events", "headers": [(b"host", b"evil.example")]}
    asyncio.run(Guard(nothing, Access(token=None))(scope, nothing, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


RUNS = "/api/2.0/mlflow/runs/search"


@pytest.mark.parametrize("path", [RUNS, "/ajax-api/3.0/mlflow/traces/search", "/get-artifact", "/v1/traces"])
@pytest.mark.parametrize("value", ["", "Bearer plum", "Basic !!!"])
def test_a_client_of_the_mlflow_protocol_is_told_in_its_own_words(path: str, value: str) -> None:
    status, headers, body = call("POST", path, **({"authorization": value} if value else {}))
    assert (status, headers["content-type"]) == (401, "application/json")
    assert json.loads(body)["error_code"] == "UNAUTHENTICATED"
    assert "token" in json.loads(body)["message"]
    assert headers["www-authenticate"] == 'Basic realm="pomona", Bearer realm="pomona"'


def test_a_foreign_site_is_told_in_the_protocols_words_too() -> None:
    status, headers, body = call("POST", RUNS, origin="http://evil.example", authorization=f"Bearer {TOKEN}")
    assert (status, json.loads(body)["error_code"]) == (403, "PERMISSION_DENIED")
    assert "www-authenticate" not in headers


def test_our_own_api_asks_for_no_dialog_of_the_browser() -> None:
    status, headers, body = call()
    assert (status, headers["www-authenticate"]) == (401, 'Bearer realm="pomona"')
    assert (headers["content-type"], json.loads(body)["status"]) == ("application/problem+json", 401)


@pytest.mark.parametrize("prefix", ["/api", "/ajax-api"])
def test_what_the_server_can_do_is_told_before_the_login(prefix: str) -> None:
    assert call(path=f"{prefix}/3.0/mlflow/server-info")[2] == b"anonymous"
    assert call(path=f"{prefix}/3.0/mlflow/server-info/x")[0] == 401


@pytest.mark.parametrize(
    ("path", "accept"), [("/login", "text/html"), ("/", "text/html"), ("/api/v1/jobs", "*/*")]
)
def test_what_the_guard_itself_answers_can_neither_be_framed_nor_kept(path: str, accept: str) -> None:
    status, headers, _ = call(path=path, accept=accept)
    assert status == 401
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
