"""Where runs ran and what they cost, singly and in all."""

from decimal import Decimal

import pytest

from pomona.business.records import Hypothesis
from pomona.core.errors import Invalid
from pomona.training.records.runs import Metric
from pomona.training.rules.costs import prices_of
from pomona.training.service.tracking import TrackingService

_HOUR_MS = 3_600_000


def run_of(tracking: TrackingService, hours: float, *, gpu_metrics: int = 0, **tags: str) -> str:
    named = {f"pomona.{key}": value for key, value in tags.items()}
    run = tracking.start("0", tags=named, start_ms=0)
    values = {f"system/gpu_{n}_utilization_percentage": 50.0 for n in range(gpu_metrics)}
    values |= {"system/system_memory_usage_megabytes": 8_000.0, "system/system_memory_usage_percentage": 25.0}
    tracking.log(run.id, metrics=[Metric(key=key, value=value, timestamp=1) for key, value in values.items()])
    tracking.update(run.id, status="FINISHED", end_ms=int(hours * _HOUR_MS))
    return run.id


def test_a_run_costs_its_hours_times_the_price_of_what_it_used(
    tracking: TrackingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of(tracking, 1.5, gpu_metrics=2, host="box", cores="16")
    found = tracking.reports.detail(run)
    assert found.cost is None  # no price was set
    assert found.machine is not None
    assert (found.machine.host, found.machine.cores, found.machine.gpus) == ("box", 16, 2)
    assert (found.machine.memory_gb, found.machine.resource) == (32.0, "gpu")
    monkeypatch.setenv("POMONA_PRICES", "EUR:gpu=2.40,cpu=0.05")
    cost = tracking.reports.detail(run).cost
    assert cost is not None
    assert (cost.amount, cost.currency, cost.seconds) == (Decimal("3.6000"), "EUR", 5400.0)
    going_on = tracking.start("0")
    assert tracking.reports.detail(going_on.id).cost is None


def test_costs_are_summed_by_experiment_and_hypothesis(
    tracking: TrackingService, hypothesis: Hypothesis, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_of(tracking, 2)
    run_of(tracking, 1, gpu_metrics=1)
    run_of(tracking, 3, resource="a100", hypothesis=hypothesis.id)
    run_of(tracking, 4, resource="moon")
    tracking.delete(run_of(tracking, 100))
    nothing = tracking.reports.spent()
    assert (nothing.amount, nothing.runs, nothing.unpriced) == (None, 4, 4)
    monkeypatch.setenv("POMONA_PRICES", "EUR:cpu=1,gpu=10,a100=100")
    found = tracking.reports.spent(experiment="Default")
    assert (found.amount, found.seconds, found.unpriced) == (Decimal("312.0000"), 36_000.0, 1)
    tested = tracking.reports.spent(hypothesis=hypothesis.id)
    assert (tested.amount, tested.runs) == (Decimal("300.0000"), 1)
    empty = tracking.reports.spent(experiment=tracking.experiments.create("none"))
    assert (empty.amount, empty.runs) == (None, 0)


def test_a_run_whose_tags_name_gpus_costs_them_singly_and_in_all(
    tracking: TrackingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POMONA_PRICES", "EUR:cpu=1,gpu=10")
    run = run_of(tracking, 2, gpus="4", gpu="NVIDIA A100", memory_gb="64.0", cores="many")
    run_of(tracking, 1)
    found = tracking.reports.detail(run)
    assert found.machine is not None
    assert (found.machine.gpus, found.machine.gpu, found.machine.cores) == (4, "NVIDIA A100", None)
    assert found.cost is not None
    assert found.cost.amount == Decimal("20.0000")
    assert tracking.reports.spent().amount == Decimal("21.0000")


@pytest.mark.parametrize("text", ["cpu=1", "EUR:cpu=much", "EUR:cpu=-1", ":cpu=1", "EUR:cpu=NaN"])
def test_prices_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(Invalid, match="no list of prices"):
        prices_of(text)
