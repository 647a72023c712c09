"""The project as a person sets it up: idea, data, first model, release, and what to do when it ages."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
from flights import FEATURES, KEY, LABEL, TIME, export_of, exported_at

import pomona
from pomona.core.errors import Conflict, NotFound
from pomona.loop.records import NewTrigger, Recipe
from pomona.monitoring.records import Thresholds
from pomona.releases.records import CanaryPolicy
from pomona.sdk.versions import Version

NAME = "late-flights"  # of the hypothesis, the training entry, the model and the endpoint
DATASET = "flights"
SCRIPT = Path(__file__).parent / "train.py"
FIRST_MONTHS = (1, 2)
SERVING_BEGINS = datetime.fromisoformat("2013-03-01T09:00:00+00:00")  # all flights of February have landed

STATEMENT = (
    "If we warn passengers at the scheduled departure of a flight that will arrive more than 15 minutes "
    "late, each right warning is worth 40 USD of rebooked connections and calmer counters; each false one "
    "costs 15 USD. Without a model nobody is warned."
)
TARGET = 0.80  # USD per flight


def checks() -> list[pomona.Check]:
    """What every export must satisfy; the limits leave room for what is known to be odd in 2013."""
    schedule = ("scheduled_departure", "carrier", "origin", "dest", "distance", "hour")
    ranges: dict[str, tuple[float, float]] = {
        "temp": (-20, 115), "wind_speed": (0, 120), "precip": (0, 3), "visib": (0, 10),
        "pressure": (950, 1060), "distance": (50, 5000),
    }  # fmt: skip
    return [
        *(pomona.Check(kind="not_null", column=column) for column in schedule),
        pomona.Check(kind="unique", columns=(KEY,)),
        pomona.Check(kind="allowed", column="origin", values=("EWR", "JFK", "LGA")),
        *(
            pomona.Check(kind="range", column=column, min=low, max=high, warn=0.0, fail=0.001)
            for column, (low, high) in ranges.items()
        ),
        # A cancelled flight has no outcome; a winter storm cancels more than the rest of the year.
        pomona.Check(kind="not_null", column=LABEL, warn=0.035, fail=0.10),
        pomona.Check(kind="not_null", column="temp", warn=0.01, fail=0.05),
        pomona.Check(kind="freshness", column=TIME, max_age_h=72),
    ]


def state_hypothesis(client: pomona.Client) -> None:
    """Why this is worth trying, in money, and what the first look may cost."""
    client.hypotheses.create(
        NAME,
        statement=STATEMENT,
        metric="value_per_prediction",
        baseline=0.0,
        target=TARGET,
        unit="flight",
        payoffs=pomona.Payoffs(
            true_positive=Decimal(40), false_positive=Decimal(-15), threshold=0.4, currency="USD"
        ),
        budget=pomona.Budget(
            owner="ops-analytics", days=10, money=pomona.Money(amount=Decimal(5000), currency="USD")
        ),
    )


def declare_dataset(client: pomona.Client) -> None:
    """What a row is, when it happened, what it may be used for, and what it must satisfy."""
    client.data.create(
        DATASET,
        key=[KEY],
        time_column=TIME,
        purposes=["training", "warn passengers of late flights"],
        description="Departures from New York in 2013: what was known at departure, and whether it was late",
        hypothesis=NAME,
        checks=checks(),
    )


def commit(client: pomona.Client, flights: pl.DataFrame, month: int) -> Version:
    """Add the export of a month to the dataset."""
    as_of = SERVING_BEGINS if month == max(FIRST_MONTHS) else exported_at(month)
    return client.data.commit(
        DATASET,
        export_of(flights, month),
        mode="append",
        as_of=as_of,
        note=f"export of month {month} of 2013",
    )


def months_committed(client: pomona.Client) -> int:
    """How many months the dataset holds: each version is one more."""
    try:
        return len(client.data.versions(DATASET))
    except NotFound:
        return 0


def store_entry(client: pomona.Client) -> None:
    """The script, its data and its parameters, to be trained again and again."""
    client.training.store(
        NAME,
        script=SCRIPT,
        include=["flights.py"],
        data=pomona.DataSelector(ref=DATASET, columns=(*FEATURES, TIME, LABEL)),
        params={"holdout_days": 14, "last_months": 0},
        model=NAME,
        hypothesis=NAME,
        limits=pomona.Limits(memory_mb=1500, cpu_s=300, wall_s=300),
    )


def release_first(client: pomona.Client) -> None:
    """Train the first model, ask the gate, decide to go on, and serve it."""
    trained = client.training.run(NAME, run_name="first model")
    version = client.models.version(str(trained.model_version)).version
    gate = client.models.check_gate(NAME, version.number, hypothesis=NAME)
    client.hypotheses.decide(
        NAME,
        "go" if gate.passed else "kill",
        reason=f"a first look at two months of flights: {gate.reason}",
        evidence=[trained.data_version, trained.run, gate.id],
    )
    with suppress(Conflict):
        client.endpoints.create(NAME, model=NAME, hypothesis=NAME)
    client.releases.start(
        NAME, version.id, strategy="champion", reason="the first model that reaches the target"
    )


def watch(client: pomona.Client) -> None:
    """Read drift and quality of every week; act by the triggers below."""
    client.monitors.create(NAME, window_hours=168, thresholds=Thresholds(quality_patience=2))
    for trigger in triggers():
        client.loop.create(trigger)


def triggers() -> list[NewTrigger]:
    """When a new model is trained. Each must still win at the gate, and then as a canary."""
    policy = CanaryPolicy(share=0.3, min_matured=1000, alpha=0.05, max_days=14, min_probability=0.5)
    all_data = Recipe(entry=NAME, label=LABEL, holdout_days=14, policy=policy)
    three_months = Recipe(entry=NAME, label=LABEL, holdout_days=14, policy=policy, params={"last_months": 3})
    three_weeks = 21 * 24.0
    return [
        NewTrigger(name="on-drift", endpoint=NAME, kind="drift", recipe=all_data, cooldown_hours=three_weeks),
        NewTrigger(
            name="on-low-value", endpoint=NAME, kind="quality", recipe=all_data, cooldown_hours=three_weeks
        ),
        NewTrigger(
            name="on-twice-the-data",
            endpoint=NAME,
            kind="data_volume",
            threshold=1.0,
            recipe=all_data,
            cooldown_hours=three_weeks,
        ),
        NewTrigger(
            name="quarterly-short-memory",
            endpoint=NAME,
            kind="schedule",
            cron="0 0 3 6,9,12 *",
            clock="event",
            recipe=three_months,
        ),
    ]
