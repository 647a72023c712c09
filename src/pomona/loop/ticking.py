"""Schedules: each tick is decided about once, on the wall's clock or on that of the predictions."""

from datetime import datetime
from typing import Protocol

import msgspec

from pomona.core.ports import Clock, Database, Transaction
from pomona.jobs.rules import next_tick
from pomona.loop import store
from pomona.loop.facts import FactFinder
from pomona.loop.reacting import Decider
from pomona.loop.records import Trigger


class EventTimes(Protocol):
    """The span of an endpoint's predictions."""

    def span(self, endpoint: str) -> tuple[datetime, datetime] | None: ...


class Ticker:
    """Lets schedules tick."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        decider: Decider,
        facts: FactFinder,
        predictions: EventTimes,
    ) -> None:
        self._database = database
        self._clock = clock
        self._decider = decider
        self._facts = facts
        self._predictions = predictions

    def tick(self) -> int:
        """Decide about every tick that has come; of several missed ones only the last; returns how many."""
        found = self._database.read(
            lambda tx: store.triggers.all(
                tx, store.triggers.c.kind == "schedule", store.triggers.c.enabled.is_(True)
            )
        )
        return sum(self._tick(trigger) for trigger in found)

    def _tick(self, trigger: Trigger) -> int:
        now = self._now(trigger)
        if now is None or trigger.cron is None:
            return 0
        if trigger.next_at is None:  # an event clock starts with the first prediction
            first = next_tick(trigger.cron, now)
            self._database.write(lambda tx: self._move(tx, trigger, first))
            return 0
        tick = trigger.next_at
        if tick > now:
            return 0
        facts = self._facts.of(trigger, as_of=tick, what=f"schedule {trigger.cron!r}, {tick:%Y-%m-%d %H:%M}")

        def decide(tx: Transaction) -> int:
            current = store.triggers.get(tx, trigger.id)
            if current.next_at != tick:
                return 0  # another process was faster
            self._move(tx, current, next_tick(str(current.cron), now))
            self._decider.judge(tx, current, facts, None, None)
            return 1

        return self._database.write(decide)

    def _now(self, trigger: Trigger) -> datetime | None:
        if trigger.clock == "wall":
            return self._clock.now()
        span = self._predictions.span(trigger.endpoint)
        return span[1] if span is not None else None

    def _move(self, tx: Transaction, trigger: Trigger, to: datetime) -> None:
        store.triggers.replace(tx, msgspec.structs.replace(trigger, next_at=to))
