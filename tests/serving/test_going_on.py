"""What goes wrong with one model, one snapshot or one caller stops nothing else of a gateway."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pomona.core.errors import Invalid, NotFound, TooLarge, Unavailable
from pomona.releases.records import Arm
from pomona.serving.gateway import app as gateway_app
from pomona.serving.gateway.app import _body
from pomona.serving.gateway.columns import Signature
from pomona.serving.gateway.engines import Engine
from pomona.serving.gateway.live import Live
from pomona.serving.gateway.process import Gateway, Settings
from pomona.serving.records import EndpointRoute, GatewaySnapshot, ServedFile, ServedModel
from pomona.testing.clock import FakeClock

ENGINE = Engine(flavor="test", signature=Signature(), prediction=list)


def snapshot(revision: str, *models: str) -> GatewaySnapshot:
    """One endpoint per model, of the same name."""
    routes = [
        EndpointRoute(
            name=model,
            release=f"rel_{model}",
            strategy="champion",
            salt="salt",
            arms=(Arm(name="champion", model_version=model, share=1.0),),
        )
        for model in models
    ]
    served = [ServedModel(id=model, model=model, number=1, files=()) for model in models]
    return GatewaySnapshot(revision=revision, endpoints=tuple(routes), models=tuple(served))


@pytest.mark.parametrize(
    "error",
    [OSError("disk full"), KeyError("flavor"), MemoryError(), RecursionError("deep"), Invalid("none")],
)
def test_a_model_that_fails_to_load_does_not_stop_the_others(tmp_path: Path, error: Exception) -> None:
    def load(served: ServedModel) -> Engine:
        if served.id == "rotten":
            raise error
        return ENGINE

    live = Live(load, tmp_path / "snapshot.json")
    asyncio.run(live.apply(snapshot("r1", "rotten", "pears", "plums")))
    assert [endpoint.route.name for endpoint in live.endpoints()] == ["pears", "plums"]
    assert set(live.problems) == {"rotten"}
    with pytest.raises(Unavailable, match="cannot serve"):
        live.endpoint("rotten")
    with pytest.raises(NotFound):
        live.endpoint("quinces")


class Script:
    """A control plane that says one thing after another; the last one for ever."""

    def __init__(self, *says: Any) -> None:
        self.says = list(says)

    def snapshot(self, known_revision: str | None) -> GatewaySnapshot | None:
        said = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        if isinstance(said, Exception):
            raise said
        return None if said.revision == known_revision else msgspec.convert(said, GatewaySnapshot)

    def public_key(self, key: str) -> str:
        raise AssertionError("nothing is loaded here")

    def fetch(self, file: ServedFile, target: Path) -> None:
        raise Unavailable("no files here")


async def followed(gateway: Gateway, until: Callable[[], bool]) -> None:
    await gateway.start()
    for _ in range(500):
        if until():
            break
        await asyncio.sleep(0.01)
    await gateway.stop()


def gateway_of(home: Path, *says: Any) -> Gateway:
    settings = Settings(home=home, control="http://127.0.0.1:1", token=None, poll_s=0.01)
    return Gateway(settings, FakeClock(), control=Script(*says))


def test_a_snapshot_that_cannot_be_applied_does_not_stop_following(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = gateway_of(tmp_path, *[KeyError("strategy")] * 5, snapshot("r2"))
    asyncio.run(followed(gateway, lambda: gateway.status()["revision"] == "r2"))
    assert gateway.status()["revision"] == "r2"
    assert gateway.status()["control_plane"] == "ok"
    assert caplog.text.count("could not be applied") == 1  # not once per look


def test_a_kept_snapshot_that_cannot_be_read_does_not_stop_following(tmp_path: Path) -> None:
    kept = tmp_path / "gateway" / "snapshot.json"
    kept.mkdir(parents=True)  # a folder where the file should be: reading it fails like a broken disk
    gateway = gateway_of(tmp_path, snapshot("r1"))
    asyncio.run(followed(gateway, lambda: gateway.status()["revision"] == "r1"))
    assert gateway.status()["revision"] == "r1"


def pieces(*messages: dict[str, Any]) -> Callable[[], Any]:
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    return receive


def test_a_request_that_broke_off_is_no_request() -> None:
    """Half a body may be valid JSON with half of the rows."""
    half = {"type": "http.request", "body": b'{"rows": []}', "more_body": True}
    with pytest.raises(Invalid, match="broke off") as caught:
        asyncio.run(_body(pieces(half, {"type": "http.disconnect"})))
    assert caught.value.hint


def test_a_body_beyond_the_limit_is_refused_before_it_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_app, "MAX_BODY", 10)
    piece = {"type": "http.request", "body": b"123456", "more_body": True}
    with pytest.raises(TooLarge):
        asyncio.run(_body(pieces(piece, piece, piece)))
