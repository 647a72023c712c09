"""How two conditions on traces go together."""

import math

from sqlalchemy import and_, case, func, select

from pomona.core.ports import Transaction
from pomona.core.records import Record
from pomona.training.traces import grammar, search, store

_JEFFREYS = 0.5


class Together(Record, frozen=True, kw_only=True):
    """Traces that fulfil one condition, the other, both; of how many. None: no association can be told."""

    npmi: float | None
    npmi_smoothed: float | None
    first: int
    second: int
    both: int
    total: int


def npmi(both: int, first: int, second: int, total: int, *, prior: float = 0.0) -> float | None:
    """Normalized pointwise mutual information, from -1 (never together) over 0 to 1 (always).

    ln(p(x,y) / (p(x) p(y))) / -ln p(x,y); ``prior`` is added to each of the four cells.

    >>> npmi(10, 10, 10, 10), npmi(0, 3, 4, 10), npmi(0, 0, 4, 10)
    (1.0, -1.0, None)
    >>> round(npmi(10, 20, 15, 100), 3), round(npmi(25, 50, 50, 100), 3)
    (0.523, 0.0)

    References:
        Bouma (2009), Normalized (pointwise) mutual information in collocation extraction.
    """
    cells = (both, first - both, second - both, total - first - second + both)
    if total <= 0 or first == 0 or second == 0 or min(cells) < 0:
        return None
    if cells[1:] == (0, 0, 0):
        return 1.0
    if both == 0 and prior == 0:
        return -1.0
    n11, n10, n01, n00 = (cell + prior for cell in cells)
    whole = n11 + n10 + n01 + n00
    if n11 == whole:
        return 1.0
    together_ln, whole_ln = math.log(n11), math.log(whole)
    information = (together_ln + whole_ln) - (math.log(n11 + n10) + math.log(n11 + n01))
    return max(-1.0, min(1.0, information / (whole_ln - together_ln)))


def together(tx: Transaction, numbers: list[int], first: str, second: str, base: str | None) -> Together:
    """Count traces of experiments that fulfil two filters, within those that fulfil ``base``.

    Raises:
        Invalid: If a filter cannot be read.
    """
    wanted = [
        search.matching(numbers, grammar.parse_trace_filter(text))
        for text in (base, _joined(base, first), _joined(base, second))
    ]
    within, one, other = (and_(*conditions) for conditions in wanted)
    counted = (
        func.count(),
        func.count(case((one, 1))),
        func.count(case((other, 1))),
        func.count(case((and_(one, other), 1))),
    )
    found = tx.execute(select(*counted).select_from(store.traces).where(within)).one()
    total, n1, n2, both = (int(count) for count in found)
    return Together(
        npmi=npmi(both, n1, n2, total),
        npmi_smoothed=npmi(both, n1, n2, total, prior=_JEFFREYS),
        first=n1,
        second=n2,
        both=both,
        total=total,
    )


def _joined(base: str | None, text: str) -> str:
    return f"{base} and {text}" if base else text
