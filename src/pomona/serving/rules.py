"""Pure decisions of serving: how a prediction is named, and what it was worth."""

from base64 import b32hexencode

from blake3 import blake3

from pomona.business.records import Payoffs
from pomona.core.records import Record
from pomona.serving.money import micros


def prediction_id(endpoint: str, key: str) -> str:
    """The id of the prediction that the caller named ``key``: a retry has the same id, always.

    >>> prediction_id("late", "UA1") == prediction_id("late", "UA1")
    True
    """
    digest = blake3(f"{endpoint}\0{key}".encode()).digest(17)
    return f"prd_{b32hexencode(digest).decode().lower()[:26]}"


class Worth(Record, frozen=True, kw_only=True):
    """Money in micro-units of one case: as decided, and with no model (always "no")."""

    value: int
    without: int


def worth(payoffs: Payoffs, *, decision: bool, positive: bool) -> Worth:
    """What one decision earned once the truth is known."""
    without = micros(payoffs.false_negative if positive else payoffs.true_negative)
    if not decision:
        return Worth(value=without, without=without)
    said_yes = payoffs.true_positive if positive else payoffs.false_positive
    return Worth(value=micros(said_yes), without=without)
