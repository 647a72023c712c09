"""Files as pages ask for them: those of runs, logged models and registered versions, and uploads to a run."""

import pytest
from tests.databases import open_database  # noqa: F401
from tests.server.mlflow.conftest import Answer, Caller

from pomona.registry.seals.store import seals

PROXY = "/mlflow-artifacts/artifacts"
MLMODEL = b"flavors:\n  python_function: {loader_module: orchard}\n"
OF_RUN, OF_VERSION = "/get-artifact", "/model-versions/get-artifact"


@pytest.fixture
def run(mlflow: Caller) -> str:
    found: str = mlflow.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    for path in ("page.html", "deep/a.json"):
        done = mlflow.call("PUT", f"{PROXY}/0/{found}/artifacts/{path}", body=b"<script>plum()</script>")
        assert done.status == 200
    return found


@pytest.fixture
def model(mlflow: Caller) -> str:
    made = mlflow.post("logged-models", experiment_id="0", name="m")
    found: str = made["model"]["info"]["model_id"]
    for path, body in (("MLmodel", MLMODEL), ("data/a.json", b"{}")):
        done = mlflow.call("PUT", f"{PROXY}/0/models/{found}/artifacts/{path}", body=body)
        assert done.status == 200
    mlflow.call("PATCH", f"/mlflow/logged-models/{found}", {"model_id": found, "status": 2})
    return found


def of_model(mlflow: Caller, model: str, **query: str) -> Answer:
    return mlflow.call("GET", f"/ajax-api/2.0/mlflow/logged-models/{model}/artifacts/files", **query)


def upload(mlflow: Caller, body: bytes = b"pear", **query: str) -> Answer:
    return mlflow.call("POST", "/ajax-api/2.0/mlflow/upload-artifact", body=body, **query)


def refused(answer: Answer) -> tuple[int, str, str]:
    return answer.status, answer.json["error_code"], answer.json["message"]


def assert_is_download(answer: Answer) -> None:
    """No browser shows it as a page of this server, whatever it holds."""
    assert answer.status == 200, answer.body
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["run_id", "run_uuid"])
def test_a_file_of_a_run_is_a_download(mlflow: Caller, run: str, name: str) -> None:
    answer = mlflow.call("GET", OF_RUN, **{name: run, "path": "page.html"})
    assert_is_download(answer)
    assert answer.body == b"<script>plum()</script>"
    assert answer.headers["content-type"] == "text/html"


def test_a_file_of_a_logged_model(mlflow: Caller, model: str) -> None:
    answer = of_model(mlflow, model, artifact_file_path="MLmodel")
    assert_is_download(answer)
    assert answer.body == MLMODEL
    assert answer.headers["content-type"] == "text/plain"


@pytest.fixture
def version(mlflow: Caller, model: str) -> dict[str, str]:
    """The query that means the version made of the logged model."""
    mlflow.post("registered-models/create", name="scorer")
    mlflow.post("model-versions/create", name="scorer", source=f"models:/{model}")
    return {"name": "scorer", "version": "1"}


def test_a_file_of_a_registered_version(mlflow: Caller, model: str, version: dict[str, str]) -> None:
    mlflow.call("PUT", f"{PROXY}/0/models/{model}/artifacts/data/a.json", body=b"changed later")
    answer = mlflow.call("GET", OF_VERSION, **version, path="data/a.json")
    assert_is_download(answer)
    assert answer.body == b"{}"
    for name, number, path, status in (
        ("scorer", "9", "data/a.json", 404),
        ("none", "1", "data/a.json", 404),
        ("scorer", "x", "data/a.json", 400),
        ("scorer", "1", "data/none.json", 404),
        ("scorer", "1", "data", 400),
    ):
        answer = mlflow.call("GET", OF_VERSION, name=name, version=number, path=path)
        assert answer.status == status, answer.body


def test_a_version_without_its_seal_is_not_sent(mlflow: Caller, version: dict[str, str]) -> None:
    mlflow.home.database.write(lambda tx: seals.remove(tx))
    status, code, _ = refused(mlflow.call("GET", OF_VERSION, **version, path="MLmodel"))
    assert (status, code) == (409, "DATA_LOSS")


def test_a_prompt_has_no_files(mlflow: Caller) -> None:
    mlflow.post(
        "registered-models/create", name="p", tags=[{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    )
    assert refused(mlflow.call("GET", OF_VERSION, name="p", version="1", path="a"))[0] == 400


def test_what_is_no_file_is_said(mlflow: Caller, run: str, model: str) -> None:
    missing = "Missing value for required parameter 'path'"
    folder = "Artifact path refers to a directory, not a file: 'deep'"
    bad, gone = "INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"
    asked = [
        (mlflow.call("GET", OF_RUN, run_id=run), 400, bad, missing),
        (mlflow.call("GET", OF_RUN, run_id=run, path="deep"), 400, bad, folder),
        (mlflow.call("GET", OF_RUN, run_id=run, path="none"), 404, gone, "No such artifact: 'none'"),
        (mlflow.call("GET", OF_RUN, run_id="none", path="deep"), 404, gone, "Run with id=none not found"),
        (mlflow.call("GET", OF_RUN, run_id="shared", path="a"), 404, gone, "Run with id=shared not found"),
        (mlflow.call("GET", OF_RUN, path="deep"), 404, gone, "Run with id= not found"),
        (of_model(mlflow, model), 400, "BAD_REQUEST", 'Request must include the "artifact_file_path"'),
        (of_model(mlflow, model, artifact_file_path="none"), 404, gone, "No such artifact: 'none'"),
        (of_model(mlflow, "none", artifact_file_path="MLmodel"), 404, gone, "Logged model with ID 'none'"),
    ]
    for answer, status, code, message in asked:
        assert refused(answer)[:2] == (status, code), answer.body
        assert refused(answer)[2].startswith(message), answer.body


def test_an_upload_is_a_file_of_the_run(mlflow: Caller, run: str) -> None:
    assert upload(mlflow, run_uuid=run, path="notes/why.txt").status == 200
    assert mlflow.call("GET", OF_RUN, run_id=run, path="notes/why.txt").body == b"pear"
    listed = mlflow.get("artifacts/list", run_id=run, path="notes")["files"]
    assert listed == [{"path": "notes/why.txt", "is_dir": False, "file_size": 4}]


def test_an_upload_that_cannot_be_kept_is_refused(mlflow: Caller, run: str) -> None:
    asked = [
        (upload(mlflow, path="a"), 400, "Request must specify run_uuid."),
        (upload(mlflow, run_uuid=run), 400, "Request must specify path."),
        (upload(mlflow, b"", run_uuid=run, path="a"), 400, "Request must specify data."),
        (upload(mlflow, run_uuid="none", path="a"), 404, "Run with id=none not found"),
        (upload(mlflow, run_uuid=run, path="../a"), 400, "Invalid path"),
        (upload(mlflow, run_uuid=run, path="page.html/a"), 400, ""),
    ]
    for answer, status, message in asked:
        assert refused(answer)[0] == status, answer.body
        assert refused(answer)[2].startswith(message), answer.body
    assert [file.path for file in mlflow.home.tracking.artifacts.tree(run)] == ["deep/a.json", "page.html"]


def test_an_upload_is_at_most_ten_megabytes(
    mlflow: Caller, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pomona.server.mlflow.viewer.MAX_UPLOAD", 4)
    assert upload(mlflow, b"pear", run_uuid=run, path="a").status == 200
    status, code, message = refused(upload(mlflow, b"quince", run_uuid=run, path="b"))
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert message.startswith("Artifact size is too large")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/graphql"),
        ("GET", "/graphql"),
        ("GET", "/ajax-api/3.0/mlflow/gateway/endpoints/list"),
        ("POST", OF_RUN),
    ],
)
def test_what_is_not_served_says_so(mlflow: Caller, method: str, path: str) -> None:
    status, code, message = refused(mlflow.call(method, path))
    assert (status, code) == (404, "ENDPOINT_NOT_FOUND")
    assert f"{method} " in message
