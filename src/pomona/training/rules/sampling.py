"""Fewer points that look the same: thinning a metric's history for a chart."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def even_picks(total: int, limit: int) -> list[int]:
    """``limit`` indices spread evenly over ``total``, first and last included; one means the last.

    >>> even_picks(10, 4), even_picks(10, 5)
    ([0, 3, 6, 9], [0, 2, 4, 6, 9])
    >>> even_picks(3, 5), even_picks(7, 1)
    ([0, 1, 2], [6])
    """
    if total <= limit:
        return list(range(total))
    if limit <= 1:
        return [total - 1] if total else []
    size, longer = divmod(total, limit)  # the first of each of ``limit`` stretches, of the last one its end
    return [*(i * size + min(i, longer) for i in range(limit - 1)), total - 1]


def thin(points: Sequence[T], values: Sequence[float], limit: int) -> list[T]:
    """At most ``limit`` points: of each stretch its lowest and highest, so no spike is lost.

    Args:
        points: What to thin, in order of time.
        values: The height of each point; not-a-number keeps its place as a gap.
        limit: At least 4.
    """
    if len(points) <= limit:
        return list(points)
    stretches = max(1, (limit - 2) // 2)
    size = (len(points) - 2) / stretches
    kept = {0, len(points) - 1}
    for number in range(stretches):
        indices = range(1 + int(number * size), max(2 + int(number * size), 1 + int((number + 1) * size)))
        real = [i for i in indices if values[i] == values[i]] or list(indices[:1])
        kept.add(min(real, key=lambda i: values[i]))
        kept.add(max(real, key=lambda i: values[i]))
    return [points[i] for i in sorted(kept)]
