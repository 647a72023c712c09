"""Trains a model that warns of late flights, and logs what it did to MLflow: an ordinary script.

    python train.py flights.parquet

Stored as a training entry of Pomona it takes its rows and parameters from there, and needs no argument.
The newest 14 days are held out: the model never sees them, so that it can be judged on them beside any
other model that has not seen them either. What is judged is what is logged; nothing is refitted.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import mlflow
import mlflow.sklearn
import numpy as np
import polars as pl
from flights import CATEGORIES, FEATURES, LABEL, SCHEDULE, TIME, WEATHER
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

import pomona

EARNED_BY_RIGHT_WARNING = 40.0
COST_OF_FALSE_WARNING = 15.0
WARN_ABOVE = 0.4

# MLflow keeps scikit-learn models as skops files, which name the types they hold. A reader builds only those
# it trusts; these three are scikit-learn's and Python's own, and this model is made of them.
MODEL_TYPES = [
    "functools.partial",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.utils.validation.check_array",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run may change."""

    holdout_days: int = 14
    last_months: int = 0  # learn from the newest months only; 0 = from all there are
    iterations: int = 60
    learning_rate: float = 0.1
    leaves: int = 15
    rows_per_leaf: int = 200


def train(flights: pl.DataFrame, settings: Settings) -> str:
    """Train, judge and log one model; returns the id of its MLflow run.

    Args:
        flights: Rows as ``flights_of_2013`` makes them; those without an outcome are left out.
    Raises:
        ValueError: If nothing is left to learn from or to judge by.
    """
    past, newest = split(flights, settings)
    with mlflow.start_run() as run:
        mlflow.log_params(asdict(settings))
        mlflow.log_metrics({"train_rows": past.height, "train_late_rate": _labels(past).mean()})
        model = new_model(settings)
        model.fit(past.select(FEATURES).to_pandas(), _labels(past))
        _log_learning_curve(model, newest)
        mlflow.log_metrics(
            judge(_labels(newest), model.predict_proba(newest.select(FEATURES).to_pandas())[:, 1])
        )
        log_model(model, past)
    return str(run.info.run_id)


def split(flights: pl.DataFrame, settings: Settings) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What to learn from, and the newest days to judge by."""
    known = flights.filter(pl.col(LABEL).is_not_null())
    newest = known[TIME].max()
    held_out = pl.col(TIME) > pl.lit(newest) - timedelta(days=settings.holdout_days)
    past = known.filter(~held_out)
    if settings.last_months:
        past = past.filter(pl.col(TIME) > pl.lit(newest).dt.offset_by(f"-{settings.last_months}mo"))
    if past.is_empty() or past[LABEL].n_unique() < 2:
        raise ValueError(f"{known.height} flights with an outcome leave nothing to learn from")
    return past, known.filter(held_out)


def new_model(settings: Settings) -> Pipeline:
    """Gradient boosting on the columns as people write them; it takes missing weather and new airports."""
    words = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    columns = ColumnTransformer(
        [("words", words, list(CATEGORIES)), ("numbers", "passthrough", [*SCHEDULE, *WEATHER])]
    )
    trees = HistGradientBoostingClassifier(
        max_iter=settings.iterations,
        learning_rate=settings.learning_rate,
        max_leaf_nodes=settings.leaves,
        min_samples_leaf=settings.rows_per_leaf,
        l2_regularization=1.0,
        categorical_features=list(range(len(CATEGORIES))),
        early_stopping=False,
        random_state=2013,
    )
    return Pipeline([("columns", columns), ("trees", trees)])


def judge(late: NDArray[np.bool_], probability: Floats) -> dict[str, float]:
    """How good the probabilities are, and what the warnings are worth, in money per flight."""
    warned = probability > WARN_ABOVE
    money = np.where(warned, np.where(late, EARNED_BY_RIGHT_WARNING, -COST_OF_FALSE_WARNING), 0.0)
    return {
        "value_per_prediction": float(money.mean()),
        "roc_auc": float(roc_auc_score(late, probability)),
        "average_precision": float(average_precision_score(late, probability)),
        "log_loss": float(log_loss(late, probability)),
        "warned_rate": float(warned.mean()),
        "late_rate": float(late.mean()),
        "predicted_late_rate": float(probability.mean()),
    }


def log_model(model: Pipeline, past: pl.DataFrame) -> None:
    """Log the model with its inputs declared: weather may be missing on the day, the schedule never."""
    inputs = [
        *(ColSpec("string", name) for name in CATEGORIES),
        *(ColSpec("double", name) for name in SCHEDULE),
        *(ColSpec("double", name, required=False) for name in WEATHER),
    ]
    mlflow.sklearn.log_model(
        model,
        name="model",
        signature=ModelSignature(inputs=Schema(inputs), outputs=Schema([ColSpec("boolean")])),
        input_example=past.select(FEATURES).head(3).to_pandas(),
        pip_requirements=["scikit-learn", "skops", "pandas", "numpy"],
        serialization_format="skops",
        skops_trusted_types=MODEL_TYPES,
    )


def _log_learning_curve(model: Pipeline, newest: pl.DataFrame) -> None:
    columns, trees = model[0], model[1]
    late, seen = _labels(newest), columns.transform(newest.select(FEATURES).to_pandas())
    for step, probability in enumerate(trees.staged_predict_proba(seen), start=1):
        if step % 5 == 0:
            mlflow.log_metric("holdout_log_loss", log_loss(late, probability[:, 1]), step=step)


def _labels(flights: pl.DataFrame) -> NDArray[np.bool_]:
    return flights[LABEL].to_numpy()


def main(arguments: list[str] | None = None) -> None:
    """Read the arguments, train, say which run it was."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("flights", nargs="?", help="a Parquet file of flights (default: what Pomona gives)")
    defaults: dict[str, Any] = pomona.params(asdict(Settings()))
    for name, value in defaults.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    chosen = vars(parser.parse_args(arguments))
    file = chosen.pop("flights")
    flights = pl.read_parquet(file) if file else pomona.training_data().to_polars()
    print(f"run {train(flights, Settings(**chosen))}")


if __name__ == "__main__":
    main()
