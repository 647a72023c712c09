"""Evidence that may be looked at after every row: a canary's rule reads it whenever it likes.

A fixed-size interval that is read again and again until it excludes zero is wrong far more often
than it says. A confidence sequence covers the truth at all times at once.
"""

import math

from pomona.stats.intervals import moments_from_sums, moments_of
from pomona.stats.records import Interval, Moments

__all__ = ["Interval", "Moments", "confidence_sequence", "moments_from_sums", "moments_of"]


def confidence_sequence(
    control: Moments,
    treatment: Moments,
    *,
    alpha: float = 0.05,
    expected_n: int = 10_000,
    min_per_arm: int = 100,
) -> Interval | None:
    """Asymptotic confidence sequence of the difference of means, treatment - control.

    With probability about 1 - ``alpha`` it holds the true difference at every look from the first on,
    however often one looks and whatever made one stop. Units must be assigned at random with one
    share; when the share changes, start anew. An arm's variance is taken no smaller than that of both
    arms together: a small arm that has not met the rare, expensive rows yet would look too sure.

    Args:
        control, treatment: What each arm earned so far.
        alpha: The chance of ever being wrong.
        expected_n: Rows of both arms at which it is narrowest. A good guess is the size at which one
            hopes to decide; at a tenth of it one pays a quarter more width, at ten times it 7 %.
        min_per_arm: Rows in each arm before it says anything: the guarantee rests on the central
            limit theorem.
    Returns:
        None before ``min_per_arm``, or while neither arm has any spread.
    Raises:
        ValueError: If ``alpha`` is not between 0 and 1 or ``expected_n`` not positive.
    References:
        Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2024), Ann. Statist. 52(6), 2613-2640
        (normal mixture, Theorem 2.2); Robbins (1970), Ann. Math. Statist. 41(5), 1397-1409.
    """
    if not 0.0 < alpha < 1.0 or expected_n <= 0:
        raise ValueError("alpha is between 0 and 1 and expected_n positive")
    if min(control.n, treatment.n) < max(2, min_per_arm):
        return None
    error = _cautious_error(control, treatment)
    if error == 0.0:
        return None
    reach = boundary(control.n + treatment.n, alpha=alpha, expected_n=expected_n) * error
    apart = treatment.mean - control.mean
    return Interval(low=apart - reach, high=apart + reach, level=1 - alpha)


def boundary(n: int, *, alpha: float, expected_n: int) -> float:
    """Standard errors from zero that a mean of ``n`` rows may be, at every n at once.

    What 1.96 is for one look is sqrt(2 (n r^2 + 1) / (n r^2) ln(sqrt(n r^2 + 1) / alpha)) for all of
    them; r^2 = (-W(-alpha^2 / e) - 1) / expected_n, with the lower branch of Lambert's W, makes it
    smallest at ``expected_n``.

    >>> round(boundary(10_000, alpha=0.05, expected_n=10_000), 2)
    3.04
    """
    from scipy import special  # a quarter of a second that a start need not take

    tuned = -float(special.lambertw(-alpha * alpha / math.e, k=-1).real) - 1.0
    mixed = n * tuned / expected_n
    return math.sqrt(2 * (mixed + 1) / mixed * math.log(math.sqrt(mixed + 1) / alpha))


def _cautious_error(a: Moments, b: Moments) -> float:
    pooled = (a.m2 + b.m2) / (a.n + b.n - 2)
    return math.sqrt(max(a.variance, pooled) / a.n + max(b.variance, pooled) / b.n)
