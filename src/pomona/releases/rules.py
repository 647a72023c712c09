"""Pure rules every strategy shares: where a unit stands, whether the split is as planned, what is allowed."""

import math
import re

from blake3 import blake3

from pomona.core.errors import Invalid
from pomona.releases.records import CanaryEvidence, CanaryPolicy, NewEndpoint

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_PRIOR_UNITS = 1000.0  # how firmly the split is first believed to be as planned


def position(salt: str, unit: str) -> float:
    """Where a unit stands in [0, 1): the same for the same salt on every machine.

    >>> position("s", "42") == position("s", "42")
    True
    """
    number = int.from_bytes(blake3(f"{salt}\0{unit}".encode()).digest(8), "big")
    return (number >> 11) / (1 << 53)


def split_p_value(candidate: int, champion: int, *, share: float) -> float:
    """How surprising the split is if each unit fell to the candidate with probability ``share``.

    Valid at any time, looked at after every unit: the chance that it ever falls below p is at most p.

    References:
        Lindon & Malek (2022), Anytime-valid inference for multinomial count data, NeurIPS 35.

    >>> split_p_value(500, 500, share=0.5)
    1.0
    >>> split_p_value(700, 300, share=0.5) < 1e-6
    True
    """
    a, b = _PRIOR_UNITS * share, _PRIOR_UNITS * (1.0 - share)
    log_ratio = (
        _log_beta(a + candidate, b + champion)
        - _log_beta(a, b)
        - candidate * math.log(share)
        - champion * math.log1p(-share)
    )
    return min(1.0, math.exp(min(0.0, -log_ratio)))


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def known(before: CanaryEvidence | None, now: CanaryEvidence) -> bool:
    """Whether the newer evidence holds no outcome and no failure that the older one did not."""
    if before is None:
        return False
    pairs = ((before.champion, now.champion), (before.candidate, now.candidate))
    return all(
        (old.matured, old.value, old.failures) == (new.matured, new.value, new.failures) for old, new in pairs
    )


def check_endpoint(new: NewEndpoint) -> None:
    """Refuse a name that could not stand in an address, or a threshold that is no probability.

    Raises:
        Invalid: Naming the field and what to write instead.
    """
    if not NAME.fullmatch(new.name):
        raise Invalid(
            f"{new.name!r} is not a name",
            hint="lower-case letters, digits and . _ - (e.g. flight-delay)",
            extra={"field": "name"},
        )
    if new.threshold is not None and not 0.0 < new.threshold < 1.0:
        raise Invalid(
            f"threshold {new.threshold:g} is not between 0 and 1",
            hint="the probability above which the answer is yes",
            extra={"field": "threshold"},
        )


def check_policy(policy: CanaryPolicy) -> None:
    """Refuse a policy under which no canary could end well.

    Raises:
        Invalid: Naming the field and what to write instead.
    """
    wrong = {
        "share": (not 0.0 < policy.share <= 0.5, "above 0, at most 0.5: the champion keeps the larger part"),
        "min_matured": (policy.min_matured < 30, "at least 30 outcomes an arm; means of fewer prove nothing"),
        "expected_matured": (
            policy.expected_matured < 60,
            "outcomes of both arms at which you hope to decide",
        ),
        "alpha": (not 0.0 < policy.alpha < 0.5, "between 0 and 0.5, e.g. 0.05"),
        "tolerance": (not 0.0 <= policy.tolerance < math.inf, "0, or how much worse a candidate may be"),
        "max_days": (not policy.max_days > 0.0, "days of event time after which the better estimate wins"),
        "min_probability": (not 0.5 <= policy.min_probability < 1.0, "0.5: the better estimate is enough"),
        "max_failure_ratio": (not policy.max_failure_ratio >= 1.0, "at least 1, e.g. 2: twice the failures"),
        "fuse_failures": (not 1 <= policy.fuse_failures <= policy.fuse_answers, "e.g. 5 of 20 answers"),
        "srm_alpha": (not 0.0 < policy.srm_alpha < 0.1, "e.g. 0.001"),
    }
    for field, (is_wrong, hint) in wrong.items():
        if is_wrong:
            raise Invalid(
                f"{field} {getattr(policy, field):g} will not do", hint=hint, extra={"field": field}
            )
