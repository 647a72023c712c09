"""Without a server the SDK serves too: the same answers, journalled and folded, in the own process."""

import warnings
from pathlib import Path

import pytest
from tests.serving.gateways import ROW, small_model
from typer.testing import CliRunner

from pomona.cli.main import app as cli
from pomona.core.errors import Invalid, NotFound
from pomona.releases.records import NewEndpoint, NewRelease
from pomona.sdk.client import connect
from pomona.server.embedded import listening
from pomona.serving.records import NewOutcome


def register_models(app, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow
    import pandas as pd

    frame = pd.DataFrame([ROW, {**ROW, "temp": None}])
    with listening(app) as address, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", address.token)
        mlflow.set_tracking_uri(address.url)
        for flip in (False, True):
            model = small_model(flip)
            with mlflow.start_run():
                mlflow.sklearn.log_model(
                    model,
                    name="model",
                    registered_model_name="delays",
                    serialization_format="cloudpickle",
                    signature=mlflow.models.infer_signature(frame, model.predict(frame)),
                )
        mlflow.set_tracking_uri(None)


@pytest.mark.slow
def test_predictions_need_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect(home=tmp_path / "home") as pomona:
        app = pomona.session.transport._embedded._app
        register_models(app, monkeypatch)
        app.releases.create_endpoint(NewEndpoint(name="late", model="delays", threshold=0.5))
        with pytest.raises(NotFound, match="no endpoint 'late' is served"):
            pomona.predict("late", [ROW])
        app.releases.start(
            "late", NewRelease(version="models:/delays/1", strategy="champion", reason="first")
        )
        (first,) = pomona.predict("late", [ROW], ids=["a"])
        assert first.decision is True
        assert pomona.predictions.get(first.prediction_id).input == ROW  # folded already
        assert pomona.predict("late", [ROW], ids=["a"]) == [first]
        with pytest.raises(Invalid, match="'hour'"):
            pomona.predict("late", [{**ROW, "hour": None}])
        assert (
            pomona.outcomes.record([NewOutcome(prediction_id=first.prediction_id, value=True)]).matched == 1
        )
        app.releases.start("late", NewRelease(version="models:/delays/2", strategy="canary", reason="try"))
        arms = {made.arm for made in pomona.predict("late", [ROW] * 50, units=[str(n) for n in range(50)])}
        assert arms == {"champion", "candidate"}
    with connect(home=tmp_path / "home") as pomona:  # and again, from the same folder
        assert pomona.predict("late", [ROW], ids=["a"]) == [first]
        assert len(list(pomona.predictions.list(endpoint="late"))) == 51


@pytest.mark.slow
def test_predictions_and_outcomes_are_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POMONA_HOME", str(tmp_path / "home"))
    with connect(home=tmp_path / "home") as pomona:
        app = pomona.session.transport._embedded._app
        register_models(app, monkeypatch)
        app.releases.create_endpoint(NewEndpoint(name="late", model="delays", threshold=0.5))
        app.releases.start(
            "late", NewRelease(version="models:/delays/1", strategy="champion", reason="first")
        )
        made = pomona.predict("late", [ROW] * 3)
        pomona.outcomes.record([NewOutcome(prediction_id=made[0].prediction_id, value=True)])
        waiting = {table.what: table for table in pomona.predictions.tables("late")}
        assert (waiting["predictions"].waiting, waiting["outcomes"].waiting) == (3, 1)
        written = pomona.predictions.write_tables("late")
        assert written.versions == ("late-predictions@v1", "late-outcomes@v1")
        assert [table.rows for table in pomona.predictions.tables()] == [3, 1]
        kinds = {field.name: field.type for field in pomona.data.version("late-predictions").record.schema}
        assert {name: kinds[name] for name in ROW} == {"carrier": "string", "hour": "int64", "temp": "double"}
        assert (kinds["model_number"], kinds["at"]) == ("int64", "timestamp[us, tz=UTC]")
        with pytest.raises(NotFound):
            pomona.predictions.write_tables("nobody")
        pomona.predict("late", [ROW])
    run = CliRunner()
    assert "late-predictions@v1" in run.invoke(cli, ["predictions", "tables", "late", "--json"]).output
    assert "late-predictions@v2: 1 predictions" in run.invoke(cli, ["predictions", "write", "late"]).output
    assert "nothing waits" in run.invoke(cli, ["predictions", "write", "late"]).output
    refused = run.invoke(cli, ["predictions", "write", "nobody"])
    assert isinstance(refused.exception, NotFound)
