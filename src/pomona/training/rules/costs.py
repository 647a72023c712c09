"""What a run used, what that costs, read from its tags, its system metrics and a list of prices."""

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from pomona.core.errors import Invalid
from pomona.training.records.costs import GPUS_TAG, RESOURCE_TAG, Prices, RunCost, RunMachine, Spent
from pomona.training.records.runs import Run

_GPU = re.compile(r"system/gpu_\d+_utilization_percentage")
_USED, _SHARE = "system/system_memory_usage_megabytes", "system/system_memory_usage_percentage"
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,3})?")
_CENT = Decimal("0.0001")
_HINT = "POMONA_PRICES=EUR:cpu=0.05,gpu=2.40 (an hour of each)"


def prices_of(text: str) -> Prices:
    """A list of prices.

    >>> prices_of("EUR:cpu=0.05,gpu=2.40").per_hour["gpu"]
    Decimal('2.40')

    Raises:
        Invalid: If it cannot be read.
    """
    if not text.strip():
        return Prices()
    currency, colon, rest = text.partition(":")
    found: dict[str, Decimal] = {}
    try:
        for item in filter(None, (part.strip() for part in rest.split(","))):
            name, _, price = item.partition("=")
            found[name.strip()] = Decimal(price.strip())
    except InvalidOperation:
        colon = ""
    if (
        not colon
        or not currency.strip()
        or not all(price.is_finite() and 0 <= price < 10**9 for price in found.values())
    ):
        raise Invalid(f"{text!r} is no list of prices", hint=_HINT)
    return Prices(currency=currency.strip(), per_hour=found)


def resource_of(tag: str | None, *, has_gpu: bool) -> str:
    """What a run used: what its tag says, else ``gpu`` or ``cpu`` as its metrics and tags show."""
    return tag or ("gpu" if has_gpu else "cpu")


def machine_of(run: Run) -> RunMachine:
    """Where a run ran."""
    values = {metric.key: metric.value for metric in run.metrics}
    gpus = sum(1 for key in values if _GPU.fullmatch(key))
    used, share = values.get(_USED), values.get(_SHARE)
    memory = round(used / share / 10, 1) if used and share and share > 0 else _number(run, "pomona.memory_gb")
    cores, told = _number(run, "pomona.cores"), _number(run, GPUS_TAG)
    gpus = gpus or int(told or 0)
    return RunMachine(
        resource=resource_of(run.tags.get(RESOURCE_TAG), has_gpu=gpus > 0),
        host=run.tags.get("pomona.host"),
        os=run.tags.get("pomona.os"),
        python=run.tags.get("pomona.python"),
        cores=None if cores is None else int(cores),
        gpus=gpus,
        gpu=run.tags.get("pomona.gpu"),
        memory_gb=memory,
    )


def cost_of(run: Run, prices: Prices) -> RunCost | None:
    """What a run that ended cost; None while it goes on, or where its resource has no price."""
    resource = machine_of(run).resource
    price = prices.per_hour.get(resource)
    if price is None or run.ended_at is None:
        return None
    seconds = max(0.0, (run.ended_at - run.started_at).total_seconds())
    return RunCost(
        resource=resource,
        seconds=seconds,
        per_hour=price,
        amount=_amount(seconds, price),
        currency=prices.currency,
    )


def spent_on(groups: Iterable[tuple[str | None, bool, int, float]], prices: Prices) -> Spent:
    """Groups of runs (resource by its tag, whether there were GPUs, how many, seconds) as one sum."""
    amount, runs, seconds, unpriced = Decimal(0), 0, 0.0, 0
    for tag, has_gpu, count, took_s in groups:
        runs, seconds = runs + count, seconds + took_s
        price = prices.per_hour.get(resource_of(tag, has_gpu=has_gpu))
        if price is None:
            unpriced += count
        else:
            amount += _amount(took_s, price)
    known = runs > unpriced
    return Spent(
        runs=runs,
        seconds=seconds,
        amount=amount if known else None,
        currency=prices.currency,
        unpriced=unpriced,
    )


def _number(run: Run, tag: str) -> float | None:
    said = run.tags.get(tag, "")
    return float(said) if _NUMBER.fullmatch(said) else None


def _amount(seconds: float, price: Decimal) -> Decimal:
    return (Decimal(str(seconds)) / 3600 * price).quantize(_CENT)
