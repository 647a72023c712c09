"""Bad input gets a clear error with a hint and stores nothing: every promise over HTTP."""

import errno
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.server.calling import Said, call

from pomona.app import App, open_app
from pomona.business.records import NewHypothesis
from pomona.data.records import NewDataset
from pomona.releases.records import NewEndpoint
from pomona.server.auth import Access
from pomona.server.main import build
from pomona.training.rules.paths import ArtifactAddress

TABLES = "/api/v1/datasets/orchard/versions"
IDEA = {"name": "pears", "statement": "we wait less", "metric": "roc_auc", "baseline": 0.5, "target": 0.7}
Send = Callable[..., Said]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = open_app(tmp_path)
    opened.business.create(NewHypothesis(**(IDEA | {"name": "late"})))  # type: ignore[arg-type]
    opened.data.create(NewDataset(name="orchard", key=("tree",), time_column="at"))
    opened.releases.create_endpoint(NewEndpoint(name="late", model="late"))
    yield opened
    opened.close()


@pytest.fixture
def send(app: App) -> Send:
    served = build(app, Access(token=None))

    def request(method: str, path: str, body: Any = b"", **more: Any) -> Said:
        return call(
            served, method, path, body=body if isinstance(body, bytes) else json.dumps(body).encode(), **more
        )

    return request


def check_refused(app: App, said: Callable[[], Said], status: int, *says: str) -> None:
    """The answer is a problem with a hint, and nothing was written down or kept."""
    before = app.ledger.last_seq(), sorted((app.home / "blobs").rglob("*"))
    answer = said()
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["hint"]
    for word in says:
        assert word in answer.json["detail"]
    assert (app.ledger.last_seq(), sorted((app.home / "blobs").rglob("*"))) == before


GOOD = b"tree,at,pears\n1,2026-01-01T00:00:00Z,5\n"


@pytest.mark.parametrize(
    ("table", "kind", "says"),
    [
        (b"at,pears\n2026-01-01T00:00:00Z,5\n", "text/csv", "key column 'tree'"),
        (b"tree,pears\n1,5\n", "text/csv", "time column 'at'"),
        (GOOD + b"1,2026-01-01T00:00:00Z,6\n", "text/csv", "share their key"),
        (b"tree,at,pears\n1,2026-01-01T00:00:00Z,many\n", "text/csv", "'pears'"),
        (b"tree,at,pears\n1,yesterday,5\n", "text/csv", "'at'"),
        (b"tree,at\n1,2026-01-01T00:00:00Z\n", "text/csv", "'pears' is gone"),
        (b"tree,at,pears\n", "text/csv", "no rows"),
        (b"", "text/csv", ""),
        (b"PAR1 no parquet", "application/vnd.apache.parquet", ""),
        (b"no arrow", "application/vnd.apache.arrow.stream", ""),
        (GOOD, "image/png", ""),
    ],
    ids=[
        *("no key", "no time", "duplicate keys", "changed type", "no time in the time column", "column gone"),
        *("no rows", "nothing", "broken parquet", "broken arrow", "another kind"),
    ],
)
def test_a_table_that_cannot_be_a_version(app: App, send: Send, table: bytes, kind: str, says: str) -> None:
    assert send("POST", TABLES, GOOD, kind="text/csv").status == 201
    check_refused(app, lambda: send("POST", TABLES, table, kind=kind), 422, says)
    assert len(send("GET", TABLES).json) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/hypotheses", IDEA | {"metric": "vibes"}),
        ("/api/v1/monitors", {"endpoint": "late", "metric": "vibes"}),
    ],
)
def test_an_unknown_metric_is_answered_with_the_known_ones(
    app: App, send: Send, path: str, body: dict[str, Any]
) -> None:
    check_refused(app, lambda: send("POST", path, body), 422, "metric")
    answer = send("POST", path, body).json
    assert "roc_auc" in answer["detail"] + answer["hint"]


def test_an_outcome_that_comes_early_is_kept_aside_and_shown(send: Send) -> None:
    outcome = {"prediction_id": "prd_" + "0" * 26, "value": True, "at": "2026-01-01T00:00:00Z"}
    receipt = send("POST", "/api/v1/outcomes", [outcome])
    assert receipt.status == 201
    assert receipt.json["waiting"] == 1
    (waiting,) = send("GET", "/api/v1/outcomes/waiting").json
    assert waiting["prediction_id"] == outcome["prediction_id"]
    assert send("POST", "/api/v1/outcomes", [outcome]).status == 201  # safe to repeat
    assert len(send("GET", "/api/v1/outcomes/waiting").json) == 1


@pytest.mark.parametrize("time", ["2026-01-01T00:00:00", "yesterday", "0001-01-01T00:00:00+14:00"])
def test_an_outcome_of_no_time_is_refused(app: App, send: Send, time: str) -> None:
    outcome = {"prediction_id": "prd_" + "0" * 26, "value": True, "at": time}
    check_refused(app, lambda: send("POST", "/api/v1/outcomes", [outcome]), 422)
    assert send("GET", "/api/v1/outcomes/waiting").json == []


@pytest.mark.parametrize(
    "mlmodel", [None, b"", b"{:::", b"\xff\xfe\x00", b"flavors: {}", b"flavors: &a {s: *a}"]
)
def test_a_model_file_that_is_none_makes_no_version(app: App, send: Send, mlmodel: bytes | None) -> None:
    run = app.tracking.start(name="first")
    files = {"model/MLmodel": mlmodel, "model/model.pkl": b"weights"}
    for path, body in files.items():
        if body is not None:
            app.tracking.artifacts.put(ArtifactAddress(root=run.id, path=path), io.BytesIO(body))
    register = {"run_id": run.id, "path": "model"}
    check_refused(app, lambda: send("POST", "/api/v1/models/late/versions", register), 422, "not a model")
    assert send("GET", "/api/v1/models/late").status == 404


def test_a_full_disk_is_said_and_passes(app: App, send: Send) -> None:
    def limit(pages: int) -> None:
        app.database.write(lambda tx: tx.execute(text(f"PRAGMA max_page_count={pages}")))

    limit(1)
    check_refused(
        app, lambda: send("POST", "/api/v1/hypotheses", IDEA | {"statement": "x" * 50_000}), 507, "disk"
    )
    assert send("GET", "/api/v1/hypotheses/late").status == 200  # reading goes on
    limit(1_000_000)
    assert send("POST", "/api/v1/hypotheses", IDEA).status == 201


def test_a_full_disk_while_a_table_is_kept_leaves_no_version(
    app: App, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "no space left on device")

    for place in ("tempfile.TemporaryFile", "os.fsync"):  # as it comes in, as it is kept
        with monkeypatch.context() as patch:
            patch.setattr(place, full)
            check_refused(app, lambda: send("POST", TABLES, GOOD, kind="text/csv"), 507, "disk")
    assert send("GET", TABLES).json == []
    assert send("POST", TABLES, GOOD, kind="text/csv").status == 201
