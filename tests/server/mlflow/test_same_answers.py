"""The same questions get the same answers from both databases, where their own words would differ."""

from typing import Any

import pytest
from tests.server.mlflow.conftest import Caller

from pomona.storage.postgres.database import PostgresDatabase

TEXTS = ["a\\b", "a%b", "a_b", "axb", "AXB", "ÄPFEL", "äpfel", "Äpfel", "a[b]", "a*b", "a?b"]


@pytest.fixture
def texts(mlflow: Caller) -> Caller:
    """A run for each text, as its tag and its name."""
    for text in TEXTS:
        tags = [{"key": "t", "value": text}]
        mlflow.post("runs/create", experiment_id="0", run_name=text, tags=tags, start_time=1)
    return mlflow


def found(mlflow: Caller, wanted: str, *order: str) -> list[str]:
    fields: dict[str, Any] = {"experiment_ids": ["0"], "filter": wanted, "order_by": list(order)}
    runs = mlflow.post("runs/search", **fields).get("runs", [])
    return [run["info"]["run_name"] for run in runs]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("tags.t LIKE 'a\\b'", ["a\\b"]),
        ("tags.t LIKE 'a_b'", ["a\\b", "a%b", "a_b", "axb", "a*b", "a?b"]),
        ("tags.t LIKE 'A%'", ["AXB"]),
        ("tags.t LIKE 'a[b]'", ["a[b]"]),
        ("tags.t LIKE 'a*b'", ["a*b"]),
        ("tags.t ILIKE 'AxB'", ["axb", "AXB"]),
        ("tags.t ILIKE 'a\\B'", ["a\\b"]),
        ("tags.t ILIKE 'äPFEL'", ["äpfel"]),
        ("tags.t ILIKE 'ÄPFEL'", ["ÄPFEL", "Äpfel"]),
        ("tags.t = 'äpfel'", ["äpfel"]),
        ("attributes.run_name ILIKE 'AXB'", ["axb", "AXB"]),
    ],
)
def test_patterns_mean_the_same(texts: Caller, wanted: str, names: list[str]) -> None:
    assert sorted(found(texts, wanted)) == sorted(names)


def test_texts_are_ordered_by_their_bytes(texts: Caller) -> None:
    assert found(texts, "", "attributes.run_name ASC") == sorted(TEXTS, key=str.encode)
    assert found(texts, "", "tags.t DESC") == sorted(TEXTS, key=str.encode, reverse=True)


def test_tags_come_in_the_same_order_after_a_change(mlflow: Caller) -> None:
    tags = [{"key": key, "value": "1"} for key in ("b", "a", "c")]
    run = mlflow.post("runs/create", experiment_id="0", tags=tags)["run"]["info"]["run_id"]
    before = [tag["key"] for tag in mlflow.get("runs/get", run_id=run)["run"]["data"]["tags"]]
    mlflow.post("runs/set-tag", run_id=run, key="b", value="2")
    after = [tag["key"] for tag in mlflow.get("runs/get", run_id=run)["run"]["data"]["tags"]]
    assert before == after


def test_a_folder_holds_what_is_below_it_and_nothing_else(mlflow: Caller) -> None:
    run = mlflow.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    for path in ("a/x", "a-b/x", "a0", "A/x", "ä/x", "a.b"):
        answer = mlflow.call("PUT", f"/mlflow-artifacts/artifacts/0/{run}/artifacts/{path}", body=b"x")
        assert answer.status == 200, answer.body
    listed = mlflow.get("artifacts/list", run_id=run, path="a")["files"]
    assert [file["path"] for file in listed] == ["a/x"]
    everything = [file["path"] for file in mlflow.get("artifacts/list", run_id=run)["files"]]
    assert everything == ["A", "a-b", "a.b", "a", "a0", "ä"]  # as their first files are sorted


def test_the_longest_path_is_kept_or_refused(mlflow: Caller) -> None:
    """PostgreSQL's indexes take a third of a page: less than a thousand characters of four bytes."""
    run = mlflow.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    name = "".join(chr(0x20000 + number * 37 % 40_000) for number in range(50))
    path = "/".join([name] * 4 + [f"{number:040x}" for number in range(18)])
    answer = mlflow.call("PUT", f"/mlflow-artifacts/artifacts/0/{run}/artifacts/{path}", body=b"x")
    assert answer.status in (200, 400), answer.body


def test_numbers_of_64_bits_come_back(mlflow: Caller) -> None:
    run = mlflow.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    for step in (2**63 - 1, -(2**63), 2**31, 0):
        mlflow.post("runs/log-metric", run_id=run, key="m", value=1.5, timestamp=1, step=step)
    points = mlflow.get("metrics/get-history", run_id=run, metric_key="m")["metrics"]
    assert sorted(point["step"] for point in points) == [-(2**63), 0, 2**31, 2**63 - 1]


def test_a_number_beyond_all_versions_is_the_callers_error(mlflow: Caller) -> None:
    mlflow.post("registered-models/create", name="m")
    status, _, _ = mlflow.refuse("GET", "model-versions/get", name="m", version=str(2**40))
    assert 400 <= status < 500


def test_numbers_that_are_none_come_back(mlflow: Caller) -> None:
    run = mlflow.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    for step, value in enumerate(["NaN", "Infinity", "-Infinity", 5e-324, -0.0]):
        mlflow.post("runs/log-metric", run_id=run, key="m", value=value, timestamp=1, step=step)
    points = mlflow.get("metrics/get-history", run_id=run, metric_key="m")["metrics"]
    assert len(points) == 5
    assert {point["step"]: point["value"] for point in points}[3] == 5e-324


def test_a_nul_is_kept_or_refused_as_the_callers_error(mlflow: Caller) -> None:
    run = mlflow.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    answer = mlflow.call("POST", "/mlflow/runs/set-tag", {"run_id": run, "key": "k", "value": "a\0b"})
    on_postgres = isinstance(mlflow.home.database, PostgresDatabase)
    assert answer.status == (400 if on_postgres else 200)
    assert not on_postgres or answer.json["error_code"] == "INVALID_PARAMETER_VALUE"
