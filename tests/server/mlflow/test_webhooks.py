"""Webhooks: told once of each event, signed; tried again while the receiver is away; never led astray."""

import base64
import hashlib
import hmac
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.server.mlflow.conftest import Caller

from pomona.data.sources.guard import LocalGuard
from pomona.jobs.worker import Worker
from pomona.loop.webhooks import WebhookReactor
from pomona.registry.webhooks import rules
from pomona.registry.webhooks.delivery import send

CREATED = [
    {"entity": "MODEL_VERSION_TAG", "action": "SET"},
    {"entity": "REGISTERED_MODEL", "action": "CREATED"},
]
MARK = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]


class Receiver:
    """A server that keeps what it is told, and answers what it is set to."""

    def __init__(self) -> None:
        self.told: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.told.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.send_header("location", "http://127.0.0.1:1/elsewhere")
                self.send_header("content-length", "4")
                self.end_headers()
                self.wfile.write(b"pear")

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?x=1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


def create(mlflow: Caller, url: str = "https://hooks.example/x", **fields: Any) -> Any:
    return mlflow.post("webhooks", **({"name": "hook", "url": url, "events": CREATED} | fields))["webhook"]


def work(mlflow: Caller, folder: Path) -> int:
    """React to the ledger, then run all jobs that are due; returns how many ran."""
    WebhookReactor(mlflow.home.database, mlflow.home.ledger, mlflow.home.webhooks).react()
    flow = mlflow.home.webhooks.workflow()
    worker = Worker(mlflow.home.jobs, {flow.kind: flow}, folder)
    return sum(iter(worker.run_one, False))


def test_a_webhook_is_kept_and_its_secret_never_shown(mlflow: Caller) -> None:
    made = create(mlflow, secret="quince", description="d")
    assert made["events"] == CREATED
    assert (made["status"], made["description"]) == ("ACTIVE", "d")
    found = mlflow.get(f"webhooks/{made['webhook_id']}")["webhook"]
    assert found == made == mlflow.get("webhooks")["webhooks"][0]
    assert "quince" not in str(found)
    assert "secret" not in found
    at = f"/mlflow/webhooks/{made['webhook_id']}"
    changed = mlflow.call("PATCH", at, {"status": "DISABLED", "name": "new"}).json["webhook"]
    assert (changed["status"], changed["name"], changed["events"]) == ("DISABLED", "new", CREATED)
    assert mlflow.call("DELETE", at).json == {}
    assert mlflow.call("GET", at).status == 404
    assert mlflow.get("webhooks") == {}


def test_each_event_is_told_once_and_signed(mlflow: Caller, receiver: Receiver, tmp_path: Path) -> None:
    mlflow.post("registered-models/create", name="before")
    mlflow.home.clock.advance(seconds=1)
    create(mlflow, receiver.url, secret="quince")
    mlflow.home.clock.advance(seconds=1)
    mlflow.post("registered-models/create", name="scorer", tags=[{"key": "a", "value": "b"}], description="d")
    assert work(mlflow, tmp_path) == 1
    assert work(mlflow, tmp_path) == 0
    headers, body = receiver.told[0]
    told = msgspec.json.decode(body)
    assert (told["entity"], told["action"]) == ("registered_model", "created")
    assert told["data"] == {"name": "scorer", "tags": {"a": "b"}, "description": "d"}
    signed = f"{headers['x-mlflow-delivery-id']}.{headers['x-mlflow-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(b"quince", signed, hashlib.sha256).digest()).decode()
    assert headers["x-mlflow-signature"] == f"v1,{expected}"
    assert len(receiver.told) == 1


def test_a_receiver_that_is_away_is_told_later_by_the_same_id(
    mlflow: Caller, receiver: Receiver, tmp_path: Path
) -> None:
    create(mlflow, receiver.url)
    mlflow.home.clock.advance(seconds=1)
    mlflow.post("registered-models/create", name="scorer")
    receiver.answers = [503, 429]
    for _ in range(3):
        work(mlflow, tmp_path)
        mlflow.home.clock.advance(seconds=60)
    assert len(receiver.told) == 3
    assert len({headers["x-mlflow-delivery-id"] for headers, _ in receiver.told}) == 1
    assert work(mlflow, tmp_path) == 0


@pytest.mark.parametrize("status", [400, 302])
def test_a_no_is_final_and_nothing_is_followed(
    mlflow: Caller, receiver: Receiver, tmp_path: Path, status: int
) -> None:
    create(mlflow, receiver.url)
    mlflow.home.clock.advance(seconds=1)
    mlflow.post("registered-models/create", name="scorer")
    receiver.answers = [status]
    work(mlflow, tmp_path)
    mlflow.home.clock.advance(seconds=3600)
    assert work(mlflow, tmp_path) == 0
    assert len(receiver.told) == 1


def test_what_nobody_asked_for_or_is_disabled_is_not_told(
    mlflow: Caller, receiver: Receiver, tmp_path: Path
) -> None:
    hook = create(mlflow, receiver.url)
    mlflow.home.clock.advance(seconds=1)
    mlflow.post("registered-models/create", name="p", tags=MARK)
    assert work(mlflow, tmp_path) == 0
    mlflow.post("registered-models/create", name="scorer")
    WebhookReactor(mlflow.home.database, mlflow.home.ledger, mlflow.home.webhooks).react()
    mlflow.call("PATCH", f"/mlflow/webhooks/{hook['webhook_id']}", {"status": "DISABLED"})
    assert work(mlflow, tmp_path) == 1
    assert receiver.told == []


def test_prompts_are_told_with_their_texts(mlflow: Caller, receiver: Receiver, tmp_path: Path) -> None:
    events = [
        {"entity": entity, "action": action}
        for entity, action in (
            ("PROMPT", "CREATED"),
            ("PROMPT_VERSION", "CREATED"),
            ("PROMPT_TAG", "SET"),
            ("PROMPT_VERSION_TAG", "SET"),
            ("PROMPT_VERSION_TAG", "DELETED"),
            ("PROMPT_ALIAS", "CREATED"),
            ("PROMPT_ALIAS", "DELETED"),
        )
    ]
    create(mlflow, receiver.url, events=events)
    mlflow.home.clock.advance(seconds=1)
    mlflow.post("registered-models/create", name="p", tags=MARK)
    text = [*MARK, {"key": "mlflow.prompt.text", "value": "Hi"}, {"key": "x", "value": "y"}]
    mlflow.post("model-versions/create", name="p", source="dummy-source", tags=text)
    assert work(mlflow, tmp_path) == 2
    mlflow.post("registered-models/set-tag", name="p", key="k", value="v")
    mlflow.post("model-versions/set-tag", name="p", version="1", key="k", value="v")
    mlflow.call("DELETE", "/mlflow/model-versions/delete-tag", {"name": "p", "version": "1", "key": "k"})
    mlflow.post("registered-models/alias", name="p", alias="live", version="1")
    mlflow.call("DELETE", "/mlflow/registered-models/alias", {"name": "p", "alias": "live"})
    assert work(mlflow, tmp_path) == 5
    told = {}
    for _, body in receiver.told:
        news = msgspec.json.decode(body)
        told[f"{news['entity']}.{news['action']}"] = news["data"]
    assert told == {
        "prompt.created": {"name": "p", "tags": {}, "description": ""},
        "prompt_version.created": {
            "name": "p",
            "version": "1",
            "template": "Hi",
            "tags": {"x": "y"},
            "description": None,
        },
        "prompt_tag.set": {"name": "p", "key": "k", "value": "v"},
        "prompt_version_tag.set": {"name": "p", "version": "1", "key": "k", "value": "v"},
        "prompt_version_tag.deleted": {"name": "p", "version": "1", "key": "k"},
        "prompt_alias.created": {"name": "p", "alias": "live", "version": "1"},
        "prompt_alias.deleted": {"name": "p", "alias": "live"},
    }


def test_a_test_tells_an_example_at_once(mlflow: Caller, receiver: Receiver) -> None:
    hook = create(mlflow, receiver.url)
    at = f"webhooks/{hook['webhook_id']}/test"
    done = mlflow.post(at)["result"]
    assert done == {"success": True, "response_status": 200, "response_body": "pear"}
    assert msgspec.json.decode(receiver.told[0][1])["entity"] == "model_version_tag"
    receiver.answers = [500]
    event = {"entity": "PROMPT", "action": "CREATED"}
    assert mlflow.post(at, event=event)["result"]["success"] is False
    assert msgspec.json.decode(receiver.told[1][1])["data"]["name"] == "example_prompt"
    mlflow.call("PATCH", f"/mlflow/webhooks/{hook['webhook_id']}", {"url": "http://127.0.0.1:1/"})
    gone = mlflow.post(at)["result"]
    assert gone["success"] is False
    assert gone["error_message"].startswith("Failed to test webhook: ")


@pytest.mark.parametrize(
    "event", [f"{thing}.{deed}" for thing, deeds in rules._ACTIONS.items() for deed in deeds]
)
def test_every_event_has_an_example(event: str) -> None:
    assert rules.example(event)["name"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": ""}, "Missing value for required parameter 'name'."),
        ({"name": "bad name!"}, "Webhook name 'bad name!' is invalid."),
        ({"url": "ftp://x.example"}, "Invalid webhook URL scheme: 'ftp'."),
        ({"url": "junk"}, "Invalid webhook URL scheme: ''."),
        ({"url": "https://"}, "Webhook URL must include a hostname"),
        ({"url": "https://a:b@x.example/"}, "a webhook's URL holds a password"),
        ({"url": "https://x.example:99999/"}, "Invalid webhook URL"),
        ({"url": "http://[/"}, "Invalid webhook URL"),
        ({"url": "http://x.example/"}, "Invalid webhook URL: x.example would be told without encryption"),
        ({"url": "http://169.254.169.254/latest"}, "Invalid webhook URL: 169.254.169.254 is a link-local"),
        ({"events": []}, "Webhook events must be a non-empty list"),
        ({"events": [{"entity": "MODEL_VERSION", "action": "SET"}]}, "Invalid action 'set' for entity"),
        ({"events": [{"entity": "NOPE", "action": "SET"}]}, "Invalid webhook entity 'NOPE'."),
        ({"status": "JUNK"}, "Invalid value \"JUNK\" for parameter 'status'"),
        ({"secret": "x" * 1001}, "'secret' exceeds the maximum length"),
    ],
)
def test_what_is_no_webhook_is_refused(mlflow: Caller, fields: dict[str, Any], message: str) -> None:
    asked = {"name": "hook", "url": "https://x.example/", "events": CREATED} | fields
    status, code, said = mlflow.refuse("POST", "webhooks", **asked)
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert said.startswith(message)


def test_an_address_that_turns_private_later_is_not_told(tmp_path: Path, receiver: Receiver) -> None:
    guard = LocalGuard(tmp_path, [tmp_path], open_to_others=True)
    receipt = send(receiver.url, "{}", delivery="d", secret=None, reach=guard)
    assert receipt.status is None
    assert "private network" in str(receipt.error)
    assert receiver.told == []


def test_pages_of_webhooks(mlflow: Caller) -> None:
    for number in range(3):
        create(mlflow, name=f"h{number}")
        mlflow.home.clock.advance(seconds=1)
    first = mlflow.get("webhooks", max_results=2)
    rest = mlflow.get("webhooks", max_results=2, page_token=first["next_page_token"])
    assert [item["name"] for item in first["webhooks"] + rest["webhooks"]] == ["h2", "h1", "h0"]
    assert mlflow.refuse("GET", "webhooks", max_results=1001)[0] == 400
