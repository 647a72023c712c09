"""How long answers took: counts in steps of nine percent, which add up over any number of processes."""

import math
from collections.abc import Mapping

from pomona.core.records import Record

_STEPS = 8  # a doubling has eight steps: what is read from them is at most 4.5 % off


class Latency(Record, frozen=True, kw_only=True):
    """Milliseconds from a request to the model's answer, over ``predictions`` served; 95 % took at most p95.

    Writing the journal and the way to the caller are not in it.
    """

    predictions: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


def step_of(took_us: int) -> int:
    """The step in which a time is counted.

    >>> step_of(1), step_of(1000), step_of(1024)
    (0, 80, 80)
    """
    return round(math.log2(max(took_us, 1)) * _STEPS)


def latency_of(counts: Mapping[int, int]) -> Latency | None:
    """The latency that counts by step say; None if nothing was counted.

    >>> latency_of({80: 99, 160: 1}).p95_ms
    1.02
    """
    total = sum(counts.values())
    if total == 0:
        return None
    return Latency(
        predictions=total,
        p50_ms=_quantile(counts, 0.5 * total),
        p95_ms=_quantile(counts, 0.95 * total),
        p99_ms=_quantile(counts, 0.99 * total),
    )


def _quantile(counts: Mapping[int, int], wanted: float) -> float:
    seen = 0
    for step in sorted(counts):
        seen += counts[step]
        if seen >= wanted:
            break
    found = 2 ** (step / _STEPS) / 1000
    return round(found, 2 - min(2, max(-2, math.floor(math.log10(found)))))
