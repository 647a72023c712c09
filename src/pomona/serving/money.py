"""Money as whole millionths: sums are exact in any database."""

from decimal import ROUND_HALF_EVEN, Decimal

MICRO = 1_000_000


def micros(amount: Decimal) -> int:
    """Money as whole millionths; finer amounts are rounded, half to even.

    >>> micros(Decimal("-15.25"))
    -15250000
    """
    return int((amount * MICRO).to_integral_value(ROUND_HALF_EVEN))


def money(amount_micros: int) -> Decimal:
    """The exact amount of ``micros``, with at least two decimals.

    >>> money(-15_250_000), money(1)
    (Decimal('-15.25'), Decimal('0.000001'))
    """
    exact = Decimal(amount_micros) / MICRO
    return exact.quantize(Decimal("0.01")) if amount_micros % 10_000 == 0 else exact
