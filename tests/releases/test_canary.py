"""A canary's rule: sticky shares, promotion on proof, roll-back on harm, few false claims."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pomona.core.errors import Invalid
from pomona.core.records import from_json, to_json
from pomona.releases.records import ArmEvidence, CanaryEvidence, CanaryPolicy, Release, Verdict
from pomona.releases.rules import check_policy, position, split_p_value
from pomona.releases.strategies import STRATEGIES
from pomona.releases.strategies.canary import Canary, decide_canary
from pomona.stats.intervals import moments_of
from pomona.stats.records import Moments

START = datetime(2026, 3, 1, tzinfo=UTC)
POLICY = CanaryPolicy(min_matured=200, max_days=10)


def arm(name: str, *, n: int = 1000, mean: float = 0.0, sd: float = 10.0, **more: Any) -> ArmEvidence:
    value = Moments(n=n, mean=mean, m2=sd * sd * (n - 1))
    return ArmEvidence(
        **(
            {"arm": name, "model_version": f"mv_{name}", "predictions": n, "matured": n, "value": value}
            | more
        )
    )


def seen(
    champion: ArmEvidence, candidate: ArmEvidence, *, share: float = 0.5, days: float = 3.0
) -> CanaryEvidence:
    return CanaryEvidence(
        champion=champion,
        candidate=candidate,
        share=share,
        currency="EUR",
        since=START,
        until=START + timedelta(days=days),
    )


def decide(evidence: CanaryEvidence, policy: CanaryPolicy = POLICY) -> Verdict:
    return decide_canary(evidence, policy, START + timedelta(days=3))


def release(share: float) -> Release:
    return Release(
        id="rel_1",
        endpoint="late",
        strategy="canary",
        champion="mv_a",
        candidate="mv_b",
        share=share,
        salt="salt",
        started_at=START,
        started_by="ann",
    )


@given(st.text(max_size=20), st.floats(0.01, 0.5), st.floats(0.01, 0.5))
def test_a_larger_share_gives_no_unit_back(unit: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    canary = Canary()
    before = canary.assign(canary.arms(release(small)), "salt", unit)
    after = canary.assign(canary.arms(release(large)), "salt", unit)
    if before.arm.name == "candidate":
        assert after.arm.name == "candidate"
    assert sum(after.probabilities.values()) == pytest.approx(1.0)


def test_the_share_of_units_is_the_planned_one() -> None:
    canary = Canary()
    arms = canary.arms(release(0.3))
    hits = sum(canary.assign(arms, "salt", str(n)).arm.name == "candidate" for n in range(20_000))
    assert hits / 20_000 == pytest.approx(0.3, abs=0.012)
    assert 0.0 <= position("salt", "x") < 1.0


def test_a_champion_alone_answers_everything() -> None:
    alone = STRATEGIES["champion"]
    arms = alone.arms(msgspec.structs.replace(release(0.0), strategy="champion"))
    assert alone.assign(arms, "salt", "u").probabilities == {"champion": 1.0}
    assert alone.decide(seen(arm("champion"), arm("candidate")), POLICY, START).action == "continue"


def test_a_clearly_better_candidate_is_promoted_with_its_numbers() -> None:
    verdict = decide(seen(arm("champion", mean=1.0), arm("candidate", mean=4.0)))
    assert verdict.action == "promote"
    assert verdict.difference == pytest.approx(3.0)
    assert verdict.interval is not None
    assert verdict.interval.low > 0
    assert "+4.000 EUR against +1.000 EUR" in verdict.reason


def test_a_clearly_worse_candidate_is_rolled_back() -> None:
    verdict = decide(seen(arm("champion", mean=4.0), arm("candidate", mean=1.0)))
    assert (verdict.action, verdict.reason.split(":")[0]) == ("roll_back", "the candidate is worse")


def test_what_is_not_clear_goes_on() -> None:
    assert decide(seen(arm("champion"), arm("candidate", mean=0.3))).action == "continue"
    few = decide(seen(arm("champion", n=100), arm("candidate", n=100, mean=50.0)))
    assert few.action == "continue"
    assert "200 each are needed" in few.reason


def test_tolerance_promotes_what_is_surely_not_much_worse() -> None:
    evidence = seen(arm("champion", n=50_000), arm("candidate", n=50_000, mean=0.05))
    assert decide(evidence).action == "continue"
    assert decide(evidence, msgspec.structs.replace(POLICY, tolerance=0.5)).action == "promote"


def test_at_the_end_the_better_estimate_wins() -> None:
    late = {"days": 10.0}
    assert decide(seen(arm("champion"), arm("candidate", mean=0.3), **late)).action == "promote"
    assert decide(seen(arm("champion"), arm("candidate", mean=-0.3), **late)).action == "roll_back"
    strict = msgspec.structs.replace(POLICY, min_probability=0.9)
    verdict = decide(seen(arm("champion"), arm("candidate", mean=0.3), **late), strict)
    assert verdict.action == "roll_back"
    assert "better with probability 75%" in verdict.reason


def test_without_enough_outcomes_at_the_end_the_champion_stays() -> None:
    verdict = decide(seen(arm("champion", n=50), arm("candidate", n=50, mean=9.0), days=11.0))
    assert (verdict.action, verdict.difference) == ("roll_back", None)


def test_two_arms_that_never_differ_do_not_break_the_rule() -> None:
    flat = seen(arm("champion", sd=0.0), arm("candidate", sd=0.0))
    assert decide(flat).action == "continue"
    assert decide(msgspec.structs.replace(flat, until=START + timedelta(days=20))).action == "roll_back"


def test_the_fuse_needs_no_statistics() -> None:
    burnt = arm("candidate", n=6, recent=6, recent_failures=5, failures=5, matured=0, value=Moments())
    verdict = decide(seen(arm("champion", n=6, matured=0, value=Moments()), burnt))
    assert verdict.action == "roll_back"
    assert "5 of the candidate's newest 6 answers failed" in verdict.reason


def test_more_failures_than_the_champion_roll_back() -> None:
    evidence = seen(arm("champion", n=1000, failures=10), arm("candidate", n=1000, mean=9.0, failures=60))
    assert decide(evidence).action == "roll_back"
    evidence = seen(arm("champion", n=1000, failures=10), arm("candidate", n=1000, mean=9.0, failures=12))
    assert decide(evidence).action == "promote"


def test_a_split_that_is_not_the_planned_one_halts() -> None:
    verdict = decide(seen(arm("champion", n=2000), arm("candidate", n=1500, mean=9.0)))
    assert verdict.action == "halt_invalid"
    assert "1,500 of 3,500 predictions" in verdict.reason
    by_unit = seen(arm("champion", n=2000, units=300), arm("candidate", n=1500, units=295))
    assert decide(by_unit).action == "continue"


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0.01, 0.5))
def test_the_split_has_a_p_value_whatever_was_seen(a: int, b: int, share: float) -> None:
    assert 0.0 <= split_p_value(a, b, share=share) <= 1.0


moments = st.builds(
    lambda n, mean, sd: Moments(n=n, mean=mean, m2=sd * sd * max(0, n - 1)),
    st.integers(0, 10**6),
    st.floats(-1e6, 1e6),
    st.floats(0, 1e6),
)


@given(moments, moments, st.floats(0, 40))
def test_any_evidence_gets_a_verdict_that_replays_to_the_same_bytes(
    one: Moments, two: Moments, days: float
) -> None:
    evidence = seen(arm("champion", n=one.n, value=one), arm("candidate", n=two.n, value=two), days=days)
    verdict = decide(evidence)
    stored = from_json(to_json(evidence), CanaryEvidence)
    assert to_json(decide(stored, from_json(to_json(POLICY), CanaryPolicy))) == to_json(verdict)
    mirrored = seen(arm("champion", n=two.n, value=two), arm("candidate", n=one.n, value=one), days=days)
    if verdict.action == "promote":
        assert decide(mirrored).action != "promote"


def test_equal_models_are_seldom_told_apart_however_often_one_looks() -> None:
    """1,000 A/A canaries, each judged 40 times: false claims stay below alpha = 5 %."""
    random = np.random.default_rng(7)
    policy = CanaryPolicy(min_matured=200, max_days=1e6, alpha=0.05, expected_matured=8_000)
    claims = 0
    for _ in range(1_000):
        # Rare money, as in life: most rows earn nothing, some 40, some cost 15.
        draws = random.choice([0.0, 40.0, -15.0], p=[0.85, 0.08, 0.07], size=(2, 40, 100))
        champion = candidate = Moments()
        for look in range(40):
            champion = champion.merge(moments_of(draws[0, look]))
            candidate = candidate.merge(moments_of(draws[1, look]))
            evidence = seen(
                arm("champion", n=champion.n, value=champion),
                arm("candidate", n=candidate.n, value=candidate),
            )
            if decide(evidence, policy).action != "continue":
                claims += 1
                break
    assert claims / 1_000 <= 0.05


def test_an_honest_split_is_seldom_called_broken() -> None:
    random = np.random.default_rng(11)
    alarms = 0
    for _ in range(2_000):
        hits = random.binomial(100, 0.3, size=60).cumsum()
        alarms += any(
            split_p_value(int(n), 100 * (look + 1) - int(n), share=0.3) < 0.01 for look, n in enumerate(hits)
        )
    assert alarms / 2_000 <= 0.01


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("share", 0.0),
        ("share", 0.7),
        ("min_matured", 1),
        ("alpha", 0.0),
        ("tolerance", -1.0),
        ("max_days", 0.0),
        ("min_probability", 0.2),
        ("fuse_failures", 30),
        ("srm_alpha", 0.0),
        ("share", float("nan")),
    ],
)
def test_a_policy_that_cannot_end_well_is_refused(field: str, value: float) -> None:
    with pytest.raises(Invalid) as refused:
        check_policy(msgspec.structs.replace(POLICY, **{field: value}))
    assert refused.value.extra == {"field": field}
