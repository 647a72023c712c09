"""Fills a running server with a small life cycle, as a user's own script would: ``python orchard.py URL``.

It runs in a process of its own, since MLflow and its friends warn about many things. Prints the ids of what
it made as JSON.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import polars as pl

import pomona
from pomona.business.records import Budget, Payoffs
from pomona.core.records import Money
from pomona.data.records import Check

START = datetime(2026, 1, 1, tzinfo=UTC)
SCRIPT = """import mlflow
import pomona

pears = pomona.training_data().to_pandas()
with mlflow.start_run():
    mlflow.log_params(pomona.params())
    mlflow.log_metric("train_rows", len(pears))
"""


def pears(rows: int) -> pl.DataFrame:
    """Harvested pears: when, from which tree, how heavy, whether they kept over the winter."""
    random = np.random.default_rng(rows)
    weight = random.normal(180, 30, rows)
    return pl.DataFrame(
        {
            "pear": [f"p{number}" for number in range(rows)],
            "picked_at": [START + timedelta(hours=number) for number in range(rows)],
            "tree": random.choice(["north", "south", "wall"], rows),
            "weight": weight,
            "kept": random.random(rows) < 1 / (1 + np.exp((weight - 180) / 20)),
        }
    )


def fill(client: pomona.Client, folder: Path) -> dict[str, Any]:
    """A hypothesis, two versions of a dataset, runs, a model with a champion, an entry."""
    idea = client.hypotheses.create(
        "keeping-pears",
        statement="If pears that will keep are stored and the others sold at once, fewer rot.",
        metric="roc_auc",
        baseline=0.5,
        target=0.6,
        unit="pear",
        payoffs=Payoffs(true_positive=Decimal(40), false_positive=Decimal(-15), threshold=0.4),
        budget=Budget(owner="ada", days=10, money=Money(amount=Decimal(5000))),
    )
    checks = [
        Check(kind="not_null", column="tree"),
        Check(kind="allowed", column="tree", values=("north", "south", "wall")),
        Check(kind="range", column="weight", min=1, max=900),
    ]
    dataset = client.data.create(
        "orchard/pears",
        key=["pear"],
        time_column="picked_at",
        description="Every pear of the harvest.",
        hypothesis=idea.id,
        checks=checks,
    )
    good = client.data.commit("orchard/pears", pears(400), note="the first weeks")
    lost = pl.when(pl.col("weight") > 200).then(pl.lit("moon")).otherwise(pl.col("tree")).alias("tree")
    bad = client.data.commit("orchard/pears", pears(500).with_columns(lost), note="trees were lost")
    runs, versions = learn(client, good)
    script = folder / "train.py"
    script.write_text(SCRIPT)
    entry = client.training.store(
        "pears", script=script, data="orchard/pears", params={"depth": 6}, hypothesis=idea.id
    )
    return {
        "hypothesis": idea.id,
        "dataset": dataset.id,
        "good": good.id,
        "bad": bad.id,
        "runs": runs,
        "versions": versions,
        "entry": entry.id,
    }


def learn(client: pomona.Client, data: Any) -> tuple[dict[str, str], list[str]]:
    """Two runs that register a model, and one that fails."""
    from mlflow.models import infer_signature
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    mlflow.set_experiment("pears")
    frame = data.to_pandas()
    runs, versions = {}, []
    for name, strength in (("weak", 0.001), ("strong", 1.0)):
        with mlflow.start_run(run_name=name) as run:
            mlflow.set_tag("pomona.hypothesis", "keeping-pears")
            mlflow.log_input(data.to_mlflow(), context="training")
            mlflow.log_param("C", strength)
            model = LogisticRegression(C=strength).fit(frame[["weight"]], frame["kept"])
            for step in range(20):
                mlflow.log_metric("loss", 1 / (step + 1), step=step)
            auc = float(roc_auc_score(frame["kept"], model.predict_proba(frame[["weight"]])[:, 1]))
            mlflow.log_metric("test_roc_auc", auc - (0.01 if name == "strong" else 0))
            mlflow.log_text("tree,pears\nnorth,130\nsouth,140\n", "tables/trees.csv")
            mlflow.sklearn.log_model(
                model,
                name="model",
                signature=infer_signature(frame[["weight"]], model.predict(frame[["weight"]])),
                pip_requirements=["scikit-learn"],
                serialization_format="skops",
            )
        runs[name] = run.info.run_id
        version = client.models.register("pears", run_id=run.info.run_id)
        versions.append(version.id)
        if client.models.check_gate("pears", version.number).passed:
            client.models.set_alias("pears", "champion", version.number)
    with mlflow.start_run(run_name="unversioned") as run:
        mlflow.log_input(mlflow.data.from_pandas(frame.head(), name="frame"), context="training")
        mlflow.set_tag("pomona.error", "Traceback (most recent call last):\nValueError: a pear is NaN")
    runs["unversioned"] = run.info.run_id
    return runs, versions


if __name__ == "__main__":
    mlflow.set_tracking_uri(sys.argv[1])
    print(json.dumps(fill(pomona.connect(sys.argv[1]), Path(sys.argv[2]))))
