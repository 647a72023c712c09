"""Pure decisions of serving: how a prediction is named, and what it was worth."""

from base64 import b32hexencode
from decimal import Decimal

from blake3 import blake3

from pomona.business.records import Payoffs
from pomona.core.errors import Invalid
from pomona.core.records import Record

MICRO = 1_000_000


def prediction_id(endpoint: str, key: str) -> str:
    """The id of the prediction that the caller named ``key``: a retry has the same id, always.

    >>> prediction_id("late", "UA1") == prediction_id("late", "UA1")
    True
    """
    digest = blake3(f"{endpoint}\0{key}".encode()).digest(17)
    return f"prd_{b32hexencode(digest).decode().lower()[:26]}"


def micros(amount: Decimal) -> int:
    """Money as whole millionths, so that sums are exact in any database.

    Raises:
        Invalid: If the amount is finer than a millionth.
    """
    scaled = amount * MICRO
    if scaled != scaled.to_integral_value():
        raise Invalid(f"{amount} is finer than a millionth", hint="round the payoff to 6 decimals")
    return int(scaled)


def money(amount_micros: int) -> Decimal:
    """The exact amount of ``micros``.

    >>> money(micros(Decimal("-15.25")))
    Decimal('-15.25')
    """
    return (
        (Decimal(amount_micros) / MICRO).quantize(Decimal("0.01"))
        if amount_micros % 10_000 == 0
        else (Decimal(amount_micros) / MICRO)
    )


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
