"""Whether to retrain: one reason decides, and it is told in words."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pomona.core.errors import Invalid
from pomona.loop.records import Facts, NewTrigger, Recipe, Trigger
from pomona.loop.rules import check_trigger, decide_retrain, growth, missing_in_window
from pomona.releases.records import CanaryPolicy

NOW = datetime(2026, 5, 1, tzinfo=UTC)
RECIPE = Recipe(entry="gbt", label="late")
BAD = Facts(
    kind="drift",
    what="drift of 0.4",
    as_of=NOW,
    entry="gbt",
    data_version="ver_2",
    champion_data="ver_1",
    cooldown_hours=24 * 21,
    currency="EUR",
)


def why(**changes: object) -> str:
    decision = decide_retrain(msgspec.structs.replace(BAD, **changes))
    assert not decision.fire
    assert decision.reason.startswith("drift of 0.4: ")
    return decision.reason.removeprefix("drift of 0.4: ")


def test_a_bad_window_with_newer_data_fires() -> None:
    decision = decide_retrain(BAD)
    assert (decision.fire, decision.reason) == (True, "drift of 0.4")


def test_each_reason_not_to_is_said() -> None:
    assert why(enabled=False) == "the trigger is paused"
    assert why(unmet="below the threshold") == "below the threshold"
    assert why(running_job="job_1") == "job_1 is retraining already"
    assert why(canary="rel_1") == "a canary is still being judged (rel_1)"
    assert why(data_version=None) == "there is no usable data version"
    assert "job_1" in why(tried_by="job_1")
    assert why(champion_data="ver_2") == "there is no newer data than the champion's"
    assert why(last_retrained=NOW - timedelta(days=5)) == (
        "cool-down: 5.0 of 21 days since the last retraining"
    )
    assert why(budget=2, retrained=2) == "the budget is spent: 2 retrainings in 30 days"


def test_a_cool_down_ends() -> None:
    after = msgspec.structs.replace(BAD, last_retrained=NOW - timedelta(days=21))
    assert decide_retrain(after).fire


def test_the_cost_of_degradation_is_weighed_against_that_of_retraining() -> None:
    said = why(loss_per_day=1.0, cost=100.0)
    assert said == "not worth it: the model loses 1 EUR a day, 30 in 30 days, retraining costs 100"
    worth = decide_retrain(msgspec.structs.replace(BAD, loss_per_day=10.0, cost=100.0))
    assert worth.fire
    assert "300 EUR at stake against a cost of 100" in worth.reason
    assert decide_retrain(msgspec.structs.replace(BAD, cost=100.0)).fire, "without a known loss it fires"


def test_a_person_waits_for_nothing_but_for_what_runs() -> None:
    asked = msgspec.structs.replace(
        BAD,
        kind="request",
        tried_by="job_1",
        champion_data="ver_2",
        last_retrained=NOW,
        budget=1,
        retrained=9,
        loss_per_day=0.0,
        cost=9.0,
    )
    assert decide_retrain(asked).fire
    assert not decide_retrain(msgspec.structs.replace(asked, running_job="job_1")).fire
    assert not decide_retrain(msgspec.structs.replace(asked, canary="rel_1")).fire
    assert not decide_retrain(msgspec.structs.replace(asked, data_version=None)).fire


def test_a_schedule_keeps_its_own_pace_but_repeats_nothing() -> None:
    tick = msgspec.structs.replace(BAD, kind="schedule", last_retrained=NOW, champion_data="ver_2")
    assert decide_retrain(tick).fire
    assert not decide_retrain(msgspec.structs.replace(tick, tried_by="job_1")).fire
    assert not decide_retrain(msgspec.structs.replace(tick, budget=1, retrained=1)).fire


facts = st.builds(
    Facts,
    kind=st.sampled_from(["request", "schedule", "drift", "quality", "data_volume"]),
    enabled=st.booleans(),
    as_of=st.just(NOW),
    unmet=st.none() | st.just("too little"),
    running_job=st.none() | st.just("job_1"),
    canary=st.none() | st.just("rel_1"),
    data_version=st.none() | st.just("ver_1"),
    champion_data=st.none() | st.just("ver_1"),
    last_retrained=st.none() | st.just(NOW),
    cooldown_hours=st.floats(0, 1000),
    budget=st.none() | st.integers(1, 5),
    retrained=st.integers(0, 9),
    loss_per_day=st.none() | st.floats(0, 100),
    cost=st.none() | st.floats(0, 100),
)


@given(facts)
def test_whatever_the_facts_nobody_trains_twice_at_once_or_beside_a_canary(seen: Facts) -> None:
    decision = decide_retrain(seen)
    assert decision == decide_retrain(seen)
    if decision.fire:
        assert seen.enabled
        assert seen.unmet is None
        assert seen.running_job is None
        assert seen.canary is None
        assert seen.data_version is not None
    else:
        assert decision.reason


def test_a_window_is_bad_by_the_triggers_threshold_or_by_its_incident() -> None:
    def trigger(threshold: float | None) -> Trigger:
        return Trigger(
            id="trg_1",
            name="drift",
            endpoint="late",
            kind="drift",
            recipe=RECIPE,
            threshold=threshold,
            created_at=NOW,
            created_by="ann",
        )

    assert missing_in_window(trigger(0.3), score=0.3, alarmed=False, incident=False) is None
    assert missing_in_window(trigger(0.3), score=0.2, alarmed=True, incident=True) is not None
    assert missing_in_window(trigger(None), score=0.1, alarmed=True, incident=True) is None
    assert missing_in_window(trigger(None), score=9.0, alarmed=True, incident=False) is not None
    assert missing_in_window(trigger(None), score=9.0, alarmed=False, incident=True) == "no alarm"


def test_growth_is_over_what_the_champion_had() -> None:
    assert growth(200, 100) == 1.0
    assert growth(200, None) is None
    assert growth(200, 0) is None


@pytest.mark.parametrize(
    "change",
    [
        {"name": "No Spaces"},
        {"kind": "schedule"},
        {"cron": "0 0 * * *"},
        {"kind": "schedule", "cron": "every day"},
        {"kind": "data_volume"},
        {"cooldown_hours": -1.0},
        {"cooldown_hours": 1e308},
        {"budget_days": 1e308},
        {"recipe": Recipe(entry="gbt", label="late", holdout_days=1e308)},
        {"budget": 0},
        {"recipe": Recipe(entry="gbt", label=" ")},
        {"recipe": Recipe(entry="gbt", label="late", holdout_days=0.0)},
        {"recipe": Recipe(entry="gbt", label="late", policy=CanaryPolicy(share=0.9))},
    ],
)
def test_a_trigger_that_cannot_work_is_refused(change: dict[str, object]) -> None:
    good = {"name": "drift", "endpoint": "late", "kind": "drift", "recipe": RECIPE}
    check_trigger(NewTrigger(**good))  # type: ignore[arg-type]
    with pytest.raises(Invalid) as refused:
        check_trigger(NewTrigger(**(good | change)))  # type: ignore[arg-type]
    assert refused.value.hint
