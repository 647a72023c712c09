"""The whole circle in one process: the world turns over, quality falls, a retrained model takes over."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import polars as pl
import pytest

import pomona
from pomona.core.records import to_json
from pomona.releases.strategies import STRATEGIES
from pomona.sdk.client import Client, connect

START = datetime(2026, 3, 1, tzinfo=UTC)
A_DAY = 240

SCRIPT = """
    import datetime

    import mlflow
    import pomona
    from sklearn.linear_model import LogisticRegression

    keep = datetime.timedelta(days=pomona.params()["holdout_days"])
    rows = pomona.training_data().to_pandas()
    past = rows[rows["at"] <= rows["at"].max() - keep]
    with mlflow.start_run():
        model = LogisticRegression().fit(past[["x", "z"]], past["bad"])
        mlflow.sklearn.log_model(model, name="model", input_example=past[["x", "z"]].head(2))
"""


def cases(first: int, days: int, *, turned: bool) -> pl.DataFrame:
    """Cases of some days: bad when x is high, or, after the world turned over, when it is low."""
    random = np.random.default_rng(first)
    count = days * A_DAY
    x, z = random.normal(size=count), random.normal(size=count)
    sign = -1.0 if turned else 1.0
    return pl.DataFrame(
        {
            "id": [f"{first}-{n}" for n in range(count)],
            "at": [START + timedelta(days=first + n / A_DAY) for n in range(count)],
            "x": x,
            "z": z,
            "bad": sign * x + random.normal(0, 0.3, size=count) > 0,
        }
    )


class Life:
    """A person who sets the project up, and the world that sends cases."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.client = client
        script = folder / "train.py"
        script.write_text(dedent(SCRIPT))
        client.hypotheses.create(
            "warn",
            statement="If we warn of bad cases they cost us less",
            metric="value_per_prediction",
            baseline=0.0,
            target=2.0,
            payoffs=pomona.Payoffs(true_positive=Decimal(10), false_positive=Decimal(-5)),
        )
        client.data.create("cases", key=["id"], time_column="at", hypothesis="warn")
        client.data.commit("cases", cases(0, 10, turned=False))
        client.training.store(
            "model",
            script=script,
            data=pomona.DataSelector(ref="cases", last_days=10.0),
            params={"holdout_days": 2},
            model="warner",
            hypothesis="warn",
        )
        client.endpoints.create("warn", model="warner", hypothesis="warn")
        policy = pomona.CanaryPolicy(share=0.5, min_matured=100, max_days=5)
        recipe = pomona.Recipe(entry="model", label="bad", holdout_days=2.0, policy=policy)
        for kind in ("request", "quality"):
            client.loop.create(pomona.NewTrigger(name=kind, endpoint="warn", kind=kind, recipe=recipe))
        client.monitors.create(
            "warn", window_hours=24, thresholds=pomona.Thresholds(min_rows=50, quality_patience=1)
        )

    def day(self, number: int, *, turned: bool) -> None:
        """One day of cases passes through the gateway, and what came true is told in the evening."""
        frame = cases(number, 1, turned=turned)
        answers = self.client.predict(
            "warn",
            frame.select("x", "z"),
            ids=frame["id"].to_list(),
            units=frame["id"].to_list(),
            at=frame["at"].to_list(),
        )
        self.client.settle()
        self.client.outcomes.record(
            pomona.NewOutcome(prediction_id=answer.prediction_id, value=bad)
            for answer, bad in zip(answers, frame["bad"], strict=True)
        )
        self.client.settle()

    def told(self) -> list[Any]:
        return list(self.client.loop.reactions(endpoint="warn"))[::-1]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_circle_closes_by_itself(tmp_path: Path, records_address: str | None) -> None:
    with connect(home=tmp_path / "home") as client:
        life = Life(client, tmp_path)
        first = client.loop.retrain("request", reason="the first model")
        assert client.loop.reaction(first.id).outcome == "champion"
        before = client.releases.active("warn")
        for number in (10, 11, 12):
            life.day(number, turned=False)
        assert not list(client.incidents.list())
        for number in (13, 14):
            life.day(number, turned=True)
        [incident] = client.incidents.list(state="open")
        assert incident.kind == "quality"
        assert "no newer data" in life.told()[-1].reason
        client.data.commit("cases", cases(10, 3, turned=False), mode="append")
        client.data.commit("cases", cases(13, 10, turned=True), mode="append")
        fired = life.told()[-1]
        assert (fired.fired, fired.outcome) == (True, "canary")
        for number in range(24, 30):
            life.day(number, turned=True)
            if client.releases.active("warn").strategy == "champion":  # type: ignore[union-attr]
                break
        after = client.releases.active("warn")
        assert before is not None
        assert after is not None
        assert after.champion != before.champion
        assert not list(client.incidents.list(state="open"))
        canary = next(release for release in client.releases.list() if release.strategy == "canary")
        assert canary.state == "promoted"
        for stored in client.releases.verdicts(canary.id):
            assert stored.evidence is not None
            again = STRATEGIES["canary"].decide(stored.evidence, stored.policy, stored.verdict.at)
            assert to_json(again) == to_json(stored.verdict)
