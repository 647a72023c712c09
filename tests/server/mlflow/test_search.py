"""Searching runs over the MLflow protocol: the whole grammar against the same question in Python."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from tests.server.mlflow.conftest import Caller

MS = 1_767_225_600_000

RUNS: list[dict[str, Any]] = [
    {"name": "a", "acc": 0.5, "lr": "0.1", "team": "Risk", "status": "FINISHED"},
    {"name": "b", "acc": 0.7, "lr": "0.2", "team": "risk", "status": "FAILED"},
    {"name": "c", "acc": math.nan, "lr": "0.1", "team": None, "status": "FINISHED"},
    {"name": "d", "acc": None, "lr": None, "team": "fraud_1", "status": "RUNNING"},
    {"name": "e", "acc": -1.0, "lr": "0.10", "team": "fraudX1", "status": "FINISHED"},
]


@pytest.fixture
def filled(mlflow: Caller) -> Caller:
    for index, wanted in enumerate(RUNS):
        made = mlflow.post("runs/create", experiment_id="0", run_name=wanted["name"], start_time=MS + index)
        run = made["run"]["info"]["run_id"]
        values = [] if wanted["acc"] is None else [wanted["acc"]]
        mlflow.post(
            "runs/log-batch",
            run_id=run,
            metrics=[
                {"key": "acc", "value": "NaN" if v != v else v, "timestamp": MS, "step": 0} for v in values
            ],
            params=[] if wanted["lr"] is None else [{"key": "lr", "value": wanted["lr"]}],
            tags=[] if wanted["team"] is None else [{"key": "team name", "value": wanted["team"]}],
        )
        if wanted["status"] != "RUNNING":
            mlflow.post("runs/update", run_id=run, status=wanted["status"], end_time=MS + 10 * index)
    return mlflow


def names(mlflow: Caller, where: str = "", **more: Any) -> str:
    found = mlflow.post("runs/search", experiment_ids=["0"], filter=where, **more)
    return "".join(run["info"]["run_name"] for run in found["runs"])


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("", "edcba"),
        ("metrics.acc > 0.5", "b"),
        ("metric.acc >= 0.5", "ba"),
        ("metrics.acc != 0.5", "ecb"),
        ("metrics.`acc` = 0", ""),
        ("metrics.acc < 1e3 and metrics.acc > -0.5", "ba"),
        ("params.lr = '0.1'", "ca"),
        ("parameter.lr != '0.1'", "eb"),
        ("params.lr LIKE '0.1%'", "eca"),
        ("params.lr IS NULL", "d"),
        ("params.lr IS NOT NULL AND metrics.acc < 0", "e"),
        ("tags.`team name` = 'risk'", "b"),
        ("tags.\"team name\" ILIKE 'RISK'", "ba"),
        ("tags.`team name` LIKE 'fraud_1'", "ed"),
        ("tags.`team name` LIKE 'Fraud%'", ""),
        ("tags.`team name` IS NULL", "c"),
        ("attributes.status = 'FINISHED'", "eca"),
        ("status != 'FINISHED' AND metrics.acc > 0", "b"),
        ("run_name = 'a'", "a"),
        ("attributes.`run name` IN ('a')", None),
        (f"start_time > {MS + 2}", "ed"),
        (f"attribute.end_time <= {MS + 10}", "ba"),
        ("metrics.unknown > 0", ""),
        ("params.unknown = 'x'", ""),
        ("tags.unknown IS NULL", "edcba"),
    ],
)
def test_a_filter_finds_what_it_says(filled: Caller, where: str, expected: str | None) -> None:
    if expected is None:
        assert filled.refuse("POST", "runs/search", experiment_ids=["0"], filter=where)[0] == 400
    else:
        assert names(filled, where) == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (["metrics.acc DESC"], "baecd"),
        (["metrics.acc"], "eabcd"),
        (["params.lr ASC", "start_time ASC"], "acebd"),
        (["attributes.start_time ASC"], "abcde"),
        (["run_name DESC"], "edcba"),
        (["attribute.end_time DESC"], "ecbad"),
    ],
)
def test_an_order_puts_missing_values_last(filled: Caller, order: list[str], expected: str) -> None:
    assert names(filled, order_by=order) == expected


@pytest.mark.parametrize(
    "where",
    [
        "acc > 1",
        "metrics.acc > 'x'",
        "metrics.acc LIKE '1'",
        "params.lr > '1'",
        "params.lr = 0.1",
        "params.lr = unquoted",
        "metrics.acc > 1 OR metrics.acc < 0",
        "metrics.acc >",
        "> 1",
        "metrics.acc > 1 metrics.acc > 2",
        "foo.acc > 1",
        "metrics.acc IS NULL",
        "run_id IN ()",
        "run_id IN (1)",
        "run_id IN ('a'",
        "dataset.nope = 'x'",
        "tags.a = 'x'; drop table runs",
        "'",
        "`",
    ],
)
def test_a_filter_that_cannot_be_read_is_refused(filled: Caller, where: str) -> None:
    status, code, _ = filled.refuse("POST", "runs/search", experiment_ids=["0"], filter=where)
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("order", ["metrics.acc sideways", "a b c", "", "foo.x", "nope", "dataset.name"])
def test_an_order_that_cannot_be_read_is_refused(filled: Caller, order: str) -> None:
    assert filled.refuse("POST", "runs/search", experiment_ids=["0"], order_by=[order])[0] == 400


def test_runs_are_found_by_id_and_by_dataset(filled: Caller) -> None:
    found = filled.post("runs/search", experiment_ids=["0"])["runs"]
    ids = {run["info"]["run_name"]: run["info"]["run_id"] for run in found}
    assert names(filled, f"run_id IN ('{ids['a']}', '{ids['d']}')") == "da"
    assert names(filled, f"run_id NOT IN ('{ids['a']}', '{ids['d']}')") == "ecb"
    dataset = {"name": "loans", "digest": "d1", "source_type": "code", "source": "{}"}
    tags = [{"key": "mlflow.data.context", "value": "eval"}]
    filled.post("runs/log-inputs", run_id=ids["b"], datasets=[{"dataset": dataset, "tags": tags}])
    assert names(filled, "dataset.name = 'loans' AND datasets.context = 'eval'") == "b"
    assert names(filled, "dataset.digest IN ('d1', 'd2')") == "b"
    assert names(filled, "dataset.name = 'other'") == ""


def test_pages_hold_every_run_once(filled: Caller) -> None:
    seen, token = "", None
    while True:
        query = {"page_token": token} if token else {}
        page = filled.post("runs/search", experiment_ids=["0"], max_results=2, **query)
        seen += "".join(run["info"]["run_name"] for run in page["runs"])
        token = page.get("next_page_token")
        if token is None:
            break
    assert seen == "edcba"


@pytest.mark.parametrize("limit", [0, -1, 50_001])
def test_a_page_has_bounds(filled: Caller, limit: int) -> None:
    assert filled.refuse("POST", "runs/search", experiment_ids=["0"], max_results=limit)[0] == 400


@pytest.mark.parametrize("token", ["nonsense", "e30=", "eyJvZmZzZXQiOiAieCJ9"])
def test_a_foreign_page_token_is_refused(filled: Caller, token: str) -> None:
    assert filled.refuse("POST", "runs/search", experiment_ids=["0"], page_token=token)[0] == 400


def test_other_experiments_and_deleted_runs_stay_out(filled: Caller) -> None:
    other = filled.post("experiments/create", name="other")["experiment_id"]
    assert filled.post("runs/search", experiment_ids=[other])["runs"] == []
    run = filled.post("runs/search", experiment_ids=["0"])["runs"][0]["info"]["run_id"]
    filled.post("runs/delete", run_id=run)
    assert names(filled) == "dcba"
    assert names(filled, run_view_type="DELETED_ONLY") == "e"
    assert names(filled, run_view_type="ALL") == "edcba"


def test_our_own_page_finds_the_same(filled: Caller) -> None:
    page: Callable[..., Any] = filled.home.tracking.reports.page
    first = page(filter="metrics.acc > -5", order_by=["metrics.acc DESC"], limit=2)
    rest = page(filter="metrics.acc > -5", order_by=["metrics.acc DESC"], limit=2, cursor=first.next_cursor)
    assert "".join(run.name for run in first.items + rest.items) == "bae"
    assert rest.next_cursor is None
    assert page(experiment="Default").items[0].metrics == {"acc": -1.0}
    both = filled.home.tracking.reports.compare([run.id for run in page().items[-2:]])
    assert both.params == {"lr": ["0.2", "0.1"]}
    assert both.metrics == {"acc": [0.7, 0.5]}
