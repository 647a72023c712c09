"""A candidate answers a share of the units until the evidence says which of the two is better."""

import math
from datetime import datetime

from pomona.releases import rules
from pomona.releases.records import (
    CANDIDATE,
    CHAMPION,
    Action,
    Arm,
    Assignment,
    CanaryEvidence,
    CanaryPolicy,
    Release,
    Verdict,
)
from pomona.stats.records import Interval, Moments
from pomona.stats.sequential import confidence_sequence

_MIN_ANSWERS = 100  # of each arm, before their shares of failures are compared
Stop = tuple[Action, str]


class Canary:
    """Champion and candidate side by side."""

    def arms(self, release: Release) -> tuple[Arm, ...]:
        """Both arms; the candidate has its share of units."""
        if release.candidate is None:
            raise ValueError(f"canary {release.id} has no candidate")
        return (
            Arm(name=CHAMPION, model_version=release.champion, share=1.0 - release.share),
            Arm(name=CANDIDATE, model_version=release.candidate, share=release.share),
        )

    def assign(self, arms: tuple[Arm, ...], salt: str, unit: str) -> Assignment:
        """Sticky by unit: the candidate owns [0, share), so a larger share gives no unit back."""
        champion, candidate = arms
        chosen = candidate if rules.position(salt, unit) < candidate.share else champion
        return Assignment(arm=chosen, probabilities={arm.name: arm.share for arm in arms})

    def decide(self, evidence: CanaryEvidence, policy: CanaryPolicy, now: datetime) -> Verdict:
        """See ``decide_canary``."""
        return decide_canary(evidence, policy, now)


def decide_canary(evidence: CanaryEvidence, policy: CanaryPolicy, now: datetime) -> Verdict:
    """Roll back on harm, promote on proof, stop a broken comparison, otherwise wait for more.

    May be asked after every outcome: the interval it rests on holds at all times at once, so looking
    often does not make a false claim likelier. In order: the fuse (failed answers, no statistics), the
    split between the arms, the share of failures, then value per prediction.

    Args:
        evidence: What both arms did; ``value`` of matured predictions only.
        policy: When to end.
        now: The event time the verdict is as of.
    """
    stop = _fuse(evidence, policy) or _split(evidence, policy) or _failures(evidence, policy)
    if stop is not None:
        return Verdict(action=stop[0], reason=stop[1], at=now)
    if not _enough(evidence, policy):
        action, reason = _wait_or_give_up(evidence, policy)
        return Verdict(action=action, reason=reason, at=now)
    return _compare(evidence, policy, now)


def _fuse(evidence: CanaryEvidence, policy: CanaryPolicy) -> Stop | None:
    seen = evidence.candidate
    if seen.recent_failures < policy.fuse_failures:
        return None
    return "roll_back", (
        f"the fuse: {seen.recent_failures} of the candidate's newest {seen.recent} answers failed "
        f"(limit {policy.fuse_failures} of {policy.fuse_answers})"
    )


def _split(evidence: CanaryEvidence, policy: CanaryPolicy) -> Stop | None:
    ours, theirs = evidence.candidate, evidence.champion
    by_unit = ours.units is not None and theirs.units is not None
    n, m = (ours.units or 0, theirs.units or 0) if by_unit else (ours.predictions, theirs.predictions)
    p = rules.split_p_value(n, m, share=evidence.share)
    if p >= policy.srm_alpha:
        return None
    what = "units" if by_unit else "predictions"
    return "halt_invalid", (
        f"the split is not as planned: the candidate has {n:,} of {n + m:,} {what} "
        f"where {evidence.share:.0%} were due (p = {p:.1g}), so the arms cannot be compared"
    )


def _failures(evidence: CanaryEvidence, policy: CanaryPolicy) -> Stop | None:
    ours, theirs = evidence.candidate, evidence.champion
    if min(ours.predictions, theirs.predictions) < _MIN_ANSWERS or ours.failures < policy.fuse_failures:
        return None
    # One failure is lent to the champion: with none of its own no ratio would exist.
    rate, base = ours.failures / ours.predictions, (theirs.failures + 1) / theirs.predictions
    if rate <= policy.max_failure_ratio * base:
        return None
    return "roll_back", (
        f"{rate:.1%} of the candidate's answers failed, {theirs.failures / theirs.predictions:.1%} of the "
        f"champion's (limit {policy.max_failure_ratio:g} times as many)"
    )


def _enough(evidence: CanaryEvidence, policy: CanaryPolicy) -> bool:
    return min(evidence.candidate.matured, evidence.champion.matured) >= policy.min_matured


def _wait_or_give_up(evidence: CanaryEvidence, policy: CanaryPolicy) -> Stop:
    seen = (
        f"{evidence.candidate.matured:,} outcomes of the candidate and {evidence.champion.matured:,} of the "
        f"champion are known, {policy.min_matured:,} each are needed"
    )
    if evidence.days < policy.max_days:
        return "continue", f"too early to compare: {seen}"
    return "roll_back", f"no proof after {evidence.days:.1f} days: {seen}; the champion stays"


def _compare(evidence: CanaryEvidence, policy: CanaryPolicy, now: datetime) -> Verdict:
    ours, theirs = evidence.candidate.value, evidence.champion.value
    interval = confidence_sequence(
        theirs, ours, alpha=policy.alpha, expected_n=policy.expected_matured, min_per_arm=policy.min_matured
    )
    better = probability_better(ours, theirs)
    action, why = _judge(evidence, policy, interval, better)
    return Verdict(
        action=action,
        reason=f"{why}: {_in_words(evidence, interval, better)}",
        difference=ours.mean - theirs.mean,
        interval=interval,
        probability=better,
        at=now,
    )


def _judge(evidence: CanaryEvidence, policy: CanaryPolicy, interval: Interval | None, better: float) -> Stop:
    if interval is not None and interval.high < 0.0:
        return "roll_back", "the candidate is worse"
    if interval is not None and interval.low > -policy.tolerance:
        allowed = f" (up to {policy.tolerance:g} worse is allowed)" if policy.tolerance else ""
        return "promote", f"the candidate is {'no worse' if policy.tolerance else 'better'}{allowed}"
    if evidence.days < policy.max_days:
        return "continue", "not yet clear"
    if better > policy.min_probability:
        return "promote", f"{evidence.days:.1f} days are over and the candidate is more likely the better one"
    return "roll_back", f"{evidence.days:.1f} days are over and the candidate is not likely enough better"


def _in_words(evidence: CanaryEvidence, interval: Interval | None, better: float) -> str:
    ours, theirs = evidence.candidate.value, evidence.champion.value
    reach = "no spread, so no interval"
    if interval is not None:
        low, high = _amount(evidence, interval.low), _amount(evidence, interval.high)
        reach = f"{interval.level:.0%} interval {low} to {high} valid at any time"
    return (
        f"{_amount(evidence, ours.mean)} against {_amount(evidence, theirs.mean)} per prediction "
        f"({evidence.candidate.matured:,} and {evidence.champion.matured:,} outcomes); difference "
        f"{_amount(evidence, ours.mean - theirs.mean)}, {reach}, better with probability {_chance(better)}"
    )


def _chance(probability: float) -> str:
    """In whole percent, but never as if it were certain."""
    return ">99%" if probability >= 0.995 else "<1%" if probability < 0.005 else f"{probability:.0%}"


def _amount(evidence: CanaryEvidence, value: float) -> str:
    return (
        f"{value:+.3f} {evidence.currency}".rstrip() if evidence.measure == "money" else f"{value:+.2%} right"
    )


def probability_better(candidate: Moments, champion: Moments) -> float:
    """The chance that the candidate's mean is the higher one, flat prior, large samples.

    >>> probability_better(Moments(n=50, mean=1.0, m2=49.0), Moments(n=50, mean=1.0, m2=49.0))
    0.5
    """
    spread = candidate.variance / max(1, candidate.n) + champion.variance / max(1, champion.n)
    apart = candidate.mean - champion.mean
    if spread <= 0.0:
        return 0.5 if apart == 0.0 else float(apart > 0.0)
    return 0.5 * math.erfc(-apart / math.sqrt(2.0 * spread))
