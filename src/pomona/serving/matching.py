"""Outcomes find their predictions, early or late, and money is counted once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pomona.business.records import Payoffs
from pomona.core.errors import Invalid
from pomona.core.events import OutcomesRecorded
from pomona.core.ports import Transaction
from pomona.releases.records import Endpoint
from pomona.serving import store
from pomona.serving.records import TRUTH, NewOutcome, OutcomeReceipt, OutcomeResult, OutcomeStatus
from pomona.serving.rules import worth
from pomona.serving.store import DayKey, DaySums
from pomona.sql import from_us, to_us

MAX_NOTES = 100

EndpointOf = Callable[[str], Endpoint | None]


class Truth:
    """One outcome that says what came true: of which prediction, as which correction."""

    __slots__ = ("prediction_id", "seq", "value")

    def __init__(self, prediction_id: str, seq: int, value: float) -> None:
        self.prediction_id, self.seq, self.value = prediction_id, seq, value


class Tally:
    """Counts and money per day that one transaction adds to the daily sums."""

    def __init__(self) -> None:
        self._sums: dict[DayKey, list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    def add(
        self, row: Any, *, predictions: int = 0, matched: int = 0, value: int = 0, without: int = 0
    ) -> None:
        """Count for the day, arm and model version of a prediction."""
        sums = self._sums[store.day_key(row)]
        for index, amount in enumerate((predictions, matched, value, without)):
            sums[index] += amount

    def sums(self) -> dict[DayKey, DaySums]:
        """Everything counted."""
        return {key: (a, b, c, d) for key, (a, b, c, d) in self._sums.items()}


def write_truths(
    tx: Transaction, truths: Iterable[Truth], endpoint_of: EndpointOf, tally: Tally
) -> list[Any]:
    """Write what came true onto the predictions known; returns those predictions' rows.

    Only the highest ``seq`` of a prediction counts; the money of an older one is taken back.
    """
    newest: dict[str, Truth] = {}
    for truth in truths:
        held = newest.get(truth.prediction_id)
        if held is None or truth.seq > held.seq:
            newest[truth.prediction_id] = truth
    rows = store.known(tx, newest)
    changes = []
    for prediction_id, row in rows.items():
        truth = newest[prediction_id]
        if row.actual_seq is not None and row.actual_seq >= truth.seq:
            continue
        endpoint = endpoint_of(row.endpoint)
        value, without = _worth(
            endpoint.payoffs if endpoint else None, decision=row.decision, actual=truth.value
        )
        tally.add(
            row,
            matched=1 if row.actual_seq is None else 0,
            value=(value or 0) - (row.value or 0),
            without=(without or 0) - (row.value_without or 0),
        )
        changes.append(
            {"p": prediction_id, "actual": truth.value, "actual_seq": truth.seq,
             "value": value, "value_without": without}
        )  # fmt: skip
    store.set_actuals(tx, changes)
    return list(rows.values())


def tell_outcomes(tx: Transaction, rows: Sequence[Any], endpoint_of: EndpointOf) -> None:
    """One event per endpoint whose predictions (rows) got their outcome."""
    for name in {row.endpoint for row in rows}:
        times = [row.at_us for row in rows if row.endpoint == name]
        endpoint = endpoint_of(name)
        tx.emit(
            OutcomesRecorded(
                subject=endpoint.id if endpoint else name,
                endpoint=name,
                count=len(times),
                until=from_us(max(times)),
            )
        )


def _worth(payoffs: Payoffs | None, *, decision: bool | None, actual: float) -> tuple[int | None, int | None]:
    if payoffs is None or decision is None:
        return None, None
    money = worth(payoffs, decision=decision, positive=actual > 0.5)
    return money.value, money.without


class Sorting:
    """A batch of outcomes, each found to be new (matched or waiting), repeated or in conflict."""

    def __init__(self, tx: Transaction, items: Sequence[NewOutcome], now_us: int) -> None:
        ids = {item.prediction_id for item in items}
        self._known = store.known(tx, ids)
        self._told = store.told(tx, ids)
        self._now_us = now_us
        self.fresh: list[dict[str, Any]] = []
        self.truths: list[Truth] = []
        self.counts: dict[OutcomeStatus, int] = {"matched": 0, "waiting": 0, "repeated": 0, "conflict": 0}
        self.notes: list[OutcomeResult] = []
        for index, item in enumerate(items):
            self._sort(index, item)

    def receipt(self) -> OutcomeReceipt:
        """What is told to the caller."""
        return OutcomeReceipt(
            matched=self.counts["matched"],
            waiting=self.counts["waiting"],
            repeated=self.counts["repeated"],
            conflicts=self.counts["conflict"],
            notes=self.notes,
        )

    def _sort(self, index: int, item: NewOutcome) -> None:
        key, value = (item.prediction_id, item.name, item.seq), float(item.value)
        before = self._told.get(key)
        if before is not None:
            if before == value:
                self._count(index, item, "repeated", "")
            else:
                detail = (
                    f"{item.name} (seq {item.seq}) is {before:g} already; correct it with seq {item.seq + 1}"
                )
                self._count(index, item, "conflict", detail)
            return
        self._told[key] = value
        row = self._known.get(item.prediction_id)
        status: OutcomeStatus = "waiting" if row is None else "matched"
        self.fresh.append(
            {
                "prediction_id": item.prediction_id,
                "name": item.name,
                "seq": item.seq,
                "value": value,
                "at_us": self._now_us if item.at is None else to_us(item.at),
                "recorded_us": self._now_us,
                "status": status,
                "endpoint": None if row is None else row.endpoint,
            }
        )
        if row is not None and item.name == TRUTH:
            self.truths.append(Truth(item.prediction_id, item.seq, value))
        self._count(
            index, item, status, "" if row is not None else "no such prediction yet; kept until it comes"
        )

    def _count(self, index: int, item: NewOutcome, status: OutcomeStatus, detail: str) -> None:
        self.counts[status] += 1
        if detail and len(self.notes) < MAX_NOTES:
            note = OutcomeResult(index=index, prediction_id=item.prediction_id, status=status, detail=detail)
            self.notes.append(note)


def check_outcomes(items: Sequence[NewOutcome]) -> None:
    """Refuse a batch with an outcome that could never be used.

    Raises:
        Invalid: Naming the item.
    """
    for index, item in enumerate(items):
        wrong = None
        if not 0 < len(item.prediction_id) <= 64:
            wrong = "prediction_id has 1 to 64 characters"
        elif not 0 < len(item.name) <= 100:
            wrong = "name has 1 to 100 characters"
        elif item.value != item.value or abs(item.value) == float("inf"):
            wrong = "value is not a finite number"
        elif not 0 <= item.seq < 2**31:
            wrong = f"seq counts from 0 to {2**31 - 1}"
        elif item.at is not None and item.at.tzinfo is None:
            wrong = "at needs a time zone"
        if wrong:
            raise Invalid(
                f"outcome {index}: {wrong}", hint="nothing of this batch was stored", extra={"index": index}
            )
