"""What our own pages show of traces and evaluation datasets, from either database."""

import msgspec
from tests.server.mlflow.cases_figures import V3, info, spans
from tests.server.mlflow.conftest import Caller

from pomona.training.evaluation.reports import EvaluationReports
from pomona.training.traces.shown import NewAssessment


def test_pages_frames_and_names_come_from_either_database(mlflow: Caller) -> None:
    told = {"content-type": "application/json", "x-mlflow-experiment-id": "0"}
    for number in (1, 2):
        block = {"resource": {"attributes": []}, "scopeSpans": [{"spans": spans(number)}]}
        body = msgspec.json.encode({"resourceSpans": [block]})
        assert mlflow.call("POST", "/v1/traces", body=body, headers=told).status == 200
    assert mlflow.call("POST", V3, {"trace": {"trace_info": info(1)}}).status == 200
    reports = mlflow.home.companions.traces.reports
    first, second = f"tr-{1:032x}", f"tr-{2:032x}"
    assert [(one.id, one.name) for one in reports.page().items] == [(second, "step 0"), (first, "odd")]
    assert [one.id for one in reports.page(filter="trace.name = 'odd'", limit=1).items] == [first]
    reports.assess(first, NewAssessment(name="good", value=True))
    assert [one.id for one in reports.page(filter="feedback.good = 'true'").items] == [first]
    assert (reports.names().names, reports.names().feedback) == (["odd"], ["good"])
    detail = reports.detail(first)
    assert [line.depth for line in detail.spans] == [0, 1, 1]
    assert reports.table("spans").num_rows == 6
    assert reports.table(order_by=["trace.execution_time_ms DESC"]).column("trace_id")[0].as_py() == first


def test_evaluation_datasets_come_from_either_database(mlflow: Caller) -> None:
    made = mlflow.call("POST", f"{V3[:-7]}/datasets/create", {"name": "questions"}).json["dataset"]
    where = f"{V3[:-7]}/datasets/{made['dataset_id']}/records"
    rows = [{"inputs": {"q": number}} for number in range(3)]
    assert mlflow.call("POST", where, {"records": msgspec.json.encode(rows).decode()}).status == 200
    run = mlflow.post("runs/create", experiment_id="0", run_name="eval")["run"]["info"]["run_id"]
    source = msgspec.json.encode({"dataset_id": made["dataset_id"]}).decode()
    dataset = {"name": "questions", "digest": "d", "source_type": "x", "source": source}
    mlflow.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset, "tags": []}])
    reports: EvaluationReports = mlflow.home.companions.evaluations.reports
    assert [one.rows for one in reports.page(filter="name = 'questions'").items] == [3]
    assert [use.run for use in reports.detail(made["dataset_id"]).runs] == [run]
    page = reports.rows(made["dataset_id"], limit=2)
    rest = reports.rows(made["dataset_id"], cursor=page.next_cursor)
    assert len(page.items) + len(rest.items) == 3
    assert reports.table(made["dataset_id"]).num_rows == 3
