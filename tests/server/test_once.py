"""A request sent twice under one key is carried out once and answered the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pomona.core.errors import AnswerLost, Conflict, Invalid
from pomona.core.records import to_json
from pomona.sdk.client import Client, connect
from pomona.storage.requests import SqlRequests

BODY = to_json(
    {
        "name": "pears",
        "statement": "If we pick in time, fewer pears rot",
        "metric": "roc_auc",
        "baseline": 0.5,
        "target": 0.7,
    }
)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with connect(home=tmp_path / "home") as client:
        yield client


def post(client: Client, key: str, body: bytes = BODY) -> tuple[int, bytes, dict[str, str]]:
    reply = client.session.call("POST", "/api/v1/hypotheses", body=body, headers={"idempotency-key": key})
    return reply.status, reply.body, reply.headers


def test_the_second_request_gets_the_first_ones_answer(client: Client) -> None:
    first = post(client, "k1")
    again = post(client, "k1")
    assert first[:2] == again[:2]
    assert again[2]["idempotency-replayed"] == "true"
    assert len(list(client.hypotheses.list())) == 1


def test_another_key_is_another_request(client: Client) -> None:
    post(client, "k1")
    with pytest.raises(Conflict, match="pears"):
        post(client, "k2")


def test_a_refused_request_may_be_mended_and_sent_again(client: Client) -> None:
    with pytest.raises(Invalid):
        post(client, "k1", BODY.replace(b"roc_auc", b"vibes"))
    assert post(client, "k1")[0] == 201


def lose_the_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server ends between the request's transaction and its answer."""
    monkeypatch.setattr(SqlRequests, "keep", lambda *_: None)


def test_a_request_whose_answer_was_lost_is_not_carried_out_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_the_answer(client, monkeypatch)
    post(client, "k1")
    with pytest.raises(AnswerLost, match="look the record up"):
        post(client, "k1")
    assert len(list(client.hypotheses.list())) == 1


def test_outcomes_whose_receipt_was_lost_are_counted_once_and_receipted(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_the_answer(client, monkeypatch)
    body = to_json([{"prediction_id": "prd_1", "value": True}])
    headers = {"idempotency-key": "k1"}
    first = client.session.call("POST", "/api/v1/outcomes", body=body, headers=headers)
    again = client.session.call("POST", "/api/v1/outcomes", body=body, headers=headers)
    assert b'"waiting":1' in first.body
    assert b'"repeated":1' in again.body


def test_a_key_has_a_length(client: Client) -> None:
    with pytest.raises(Invalid, match="200"):
        post(client, "k" * 201)


def commit(client: Client, note: str, table: bytes) -> dict[str, str]:
    return client.session.call(
        "POST",
        "/api/v1/datasets/orchard/versions",
        body=table,
        query={"note": note},
        headers={"idempotency-key": "k1", "content-type": "text/csv"},
    ).headers


def test_a_key_counts_for_one_route_and_query(client: Client) -> None:
    """A script that names its steps by one key has each of them carried out."""
    post(client, "k1")
    client.data.create("orchard", key=["tree"])
    commit(client, "a", b"tree,pears\n1,5\n")
    commit(client, "b", b"tree,pears\n1,6\n")
    assert commit(client, "b", b"tree,pears\n1,7\n")["idempotency-replayed"] == "true"
    assert [version.record.note for version in client.data.versions("orchard")] == ["b", "a"]
