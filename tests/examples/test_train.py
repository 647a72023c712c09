"""The training script: what it may see, what it must bear, and what it leaves in MLflow."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import flights as source
import numpy as np
import polars as pl
import pytest
import train

SCRIPT = Path(train.__file__)


@pytest.fixture(scope="module")
def january() -> pl.DataFrame:
    return source.export_of(source.flights_of_2013(), 1)


def test_the_newest_days_are_held_out(january: pl.DataFrame) -> None:
    past, newest = train.split(january, train.Settings(holdout_days=7))
    assert past[source.TIME].max() < newest[source.TIME].min()
    assert newest[source.TIME].max() - newest[source.TIME].min() < timedelta(days=7)
    assert past.height + newest.height == january[source.LABEL].count()


def test_a_short_memory_forgets_the_oldest_months() -> None:
    year = source.flights_of_2013()
    past, _ = train.split(year, train.Settings(last_months=3))
    assert str(past[source.TIME].min()).startswith("2013-10-01")


def test_nothing_to_learn_from_is_said(january: pl.DataFrame) -> None:
    with pytest.raises(ValueError, match="leave nothing to learn from"):
        train.split(january, train.Settings(holdout_days=40))


def test_the_model_bears_missing_weather_and_a_new_airport(january: pl.DataFrame) -> None:
    past, newest = train.split(january, train.Settings())
    model = train.new_model(train.Settings(iterations=5))
    model.fit(past.select(source.FEATURES).to_pandas(), past[source.LABEL].to_numpy())
    strange = newest.select(source.FEATURES).head(2).to_pandas()
    strange["dest"] = "XYZ"
    strange[list(source.WEATHER)] = np.nan
    chance = model.predict_proba(strange)[:, 1]
    assert ((chance > 0) & (chance < 1)).all()


def test_warnings_are_paid_as_the_hypothesis_says() -> None:
    late = np.array([True, False, True, False])
    judged = train.judge(late, np.array([0.9, 0.5, 0.1, 0.4]))
    assert judged["value_per_prediction"] == pytest.approx((40 - 15) / 4)  # 0.4 itself is no warning
    assert judged["warned_rate"] == 0.5


@pytest.mark.slow
def test_the_script_leaves_a_run_and_a_model_that_loads(january: pl.DataFrame, tmp_path: Path) -> None:
    table, store = tmp_path / "flights.parquet", f"sqlite:///{tmp_path}/mlflow.db"
    january.write_parquet(table)
    look = (
        "import mlflow;"
        "run = mlflow.search_runs(output_format='list')[0];"
        "uri = mlflow.search_logged_models(output_format='list')[0].model_uri;"
        "example = mlflow.pyfunc.load_model(uri).input_example;"
        "print(sorted(run.data.metrics), mlflow.sklearn.load_model(uri).predict_proba(example).shape)"
    )
    environment = {"MLFLOW_TRACKING_URI": store, "PATH": "", "HOME": str(tmp_path)}
    for command in ([str(SCRIPT), str(table), "--iterations", "10"], ["-c", look]):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert "value_per_prediction" in done.stdout
    assert "(3, 2)" in done.stdout
