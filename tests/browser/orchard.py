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
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

pears = pomona.training_data().to_pandas()
with mlflow.start_run():
    mlflow.log_params(pomona.params())
    mlflow.log_metric("train_rows", len(pears))
    model = LogisticRegression().fit(pears[["weight"]], pears["kept"])
    mlflow.sklearn.log_model(
        model,
        name="model",
        signature=infer_signature(pears[["weight"]], model.predict(pears[["weight"]])),
        pip_requirements=["scikit-learn"],
        serialization_format="skops",
    )
"""
RIPE = START + timedelta(days=20)  # when the first pear is asked about


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
    """Each stage once: from a hypothesis to a canary, an incident and what the loop made of it."""
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
        "pears", script=script, data="orchard/pears@passed", params={"depth": 6}, hypothesis=idea.id
    )
    later = serve(client)
    return {
        **later,
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


def serve(client: pomona.Client) -> dict[str, Any]:
    """An endpoint with a champion, then a canary; a retraining that is refused; drift and who heard of it."""
    endpoint = client.endpoints.create("pears", model="pears", hypothesis="keeping-pears")
    first = client.releases.start("pears", "pears/1", strategy="champion", reason="the first that may serve")
    limits = pomona.Thresholds(min_rows=40, drift_warn=0.4, drift_alarm=0.5, quality_patience=1)
    monitor = client.monitors.create("pears", window_hours=72, thresholds=limits)
    recipe = pomona.Recipe(entry="pears", label="kept", holdout_days=4, minimum_improvement=0.3)
    asked = client.loop.trigger("asked", endpoint="pears", kind="request", recipe=recipe)
    hears = client.loop.trigger("on-drift", endpoint="pears", kind="drift", recipe=recipe)
    client.settle(timeout_s=60)
    ask(client, 0, weight=180)
    fired = client.loop.retrain("asked", reason="a look at what a newer model would do")
    client.settle(timeout_s=60)
    policy = pomona.CanaryPolicy(share=0.5, min_matured=30, expected_matured=5000, alpha=0.01, max_days=90)
    canary = client.releases.start("pears", "pears/2", policy=policy, reason="does it earn more?")
    client.settle(timeout_s=60)
    heavy = ask(client, 3, weight=260)
    ask(client, 6, weight=180, told=60)
    client.outcomes.record_one("prd_00000000000000000000000000", value=True)
    client.settle(timeout_s=60)
    [incident] = client.incidents.list(endpoint="pears")
    held = next(one for one in client.loop.reactions(trigger="on-drift") if not one.fired)
    windows = {f"{one.kind}_{one.state}": one.id for one in client.monitors.windows(endpoint="pears")}
    job = client.loop.reaction(fired.id).job
    return {
        "endpoint": endpoint.id,
        "first": first.id,
        "canary": canary.id,
        "monitor": monitor.id,
        "windows": windows,
        "incident": incident.id,
        "triggers": {"asked": asked.id, "hears": hears.id},
        "reactions": {"fired": fired.id, "held": held.id},
        "job": job,
        "prediction": heavy[0].prediction_id,
    }


def ask(client: pomona.Client, day: int, *, weight: float, told: int = 120) -> list[Any]:
    """Pears of three days pass through the gateway; what became of the first ``told`` is told."""
    random = np.random.default_rng(day)
    rows = [{"weight": float(one)} for one in random.normal(weight, 30, 120)]
    names = [f"{day}/{number}" for number in range(120)]
    at = [RIPE + timedelta(days=day, minutes=36 * number) for number in range(120)]
    answers = client.predict("pears", rows, ids=names, units=names, at=at)
    client.settle(timeout_s=60)
    kept = random.random(120) < 1 / (1 + np.exp((np.array([one["weight"] for one in rows]) - 180) / 20))
    outcomes = [
        pomona.NewOutcome(prediction_id=answer.prediction_id, value=bool(yes), at=when + timedelta(hours=1))
        for answer, yes, when in zip(answers, kept, at, strict=True)
    ]
    client.outcomes.record(outcomes[:told])
    client.settle(timeout_s=60)
    return answers


if __name__ == "__main__":
    mlflow.set_tracking_uri(sys.argv[1])
    print(json.dumps(fill(pomona.connect(sys.argv[1]), Path(sys.argv[2]))))
