"""Use cases of the loop: triggers, what they decided, a retraining on request."""

import msgspec

from pomona.core.actors import current_actor
from pomona.core.errors import Conflict
from pomona.core.events import TriggerCreated, TriggerSwitched
from pomona.core.ids import kind_of, new_id
from pomona.core.ports import Clock, Database, Transaction
from pomona.core.records import Page
from pomona.jobs.rules import next_tick
from pomona.loop import rules, store
from pomona.loop.facts import FactFinder, Releases
from pomona.loop.reacting import Decider, Reactor
from pomona.loop.records import NewTrigger, Reaction, Request, Trigger
from pomona.loop.steering import Steering
from pomona.loop.ticking import Ticker


class LoopService:
    """Triggers and reactions.

    Args:
        react, tick, steer: What a worker calls between jobs: follow the ledger, the clock, the canaries.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        releases: Releases,
        *,
        facts: FactFinder,
        decider: Decider,
        reactor: Reactor,
        ticker: Ticker,
        steering: Steering,
    ) -> None:
        self._database = database
        self._clock = clock
        self._releases = releases
        self._facts = facts
        self._decider = decider
        self.react = reactor.react
        self.tick = ticker.tick
        self.steer = steering.steer

    def create(self, new: NewTrigger) -> Trigger:
        """Say when a model is retrained.

        Raises:
            Invalid: If it could never fire, or names no label.
            NotFound: If the endpoint or the training entry does not exist.
            Conflict: If the name is taken.
        """
        rules.check_trigger(new)
        endpoint = self._releases.endpoint(new.endpoint)
        now = self._clock.now()
        fields = {name: getattr(new, name) for name in new.__struct_fields__}
        trigger = Trigger(
            **(fields | {"endpoint": endpoint.name}),
            id=new_id("trg", now),
            next_at=next_tick(new.cron, now) if new.cron and new.clock == "wall" else None,
            created_at=now,
            created_by=current_actor(),
        )
        self._facts.dataset_of(trigger)

        def add(tx: Transaction) -> Trigger:
            store.triggers.unused(tx, "name", new.name)
            tx.emit(
                TriggerCreated(
                    subject=trigger.id, name=trigger.name, endpoint=trigger.endpoint, kind=trigger.kind
                )
            )
            return store.triggers.insert(tx, trigger)

        return self._database.write(add)

    def trigger(self, ref: str) -> Trigger:
        """The trigger with this id or name.

        Raises:
            NotFound: If there is none.
        """
        return self._database.read(lambda tx: _find(tx, ref))

    def triggers(
        self, *, endpoint: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[Trigger]:
        """Triggers, newest first."""
        where = [store.triggers.c.endpoint == endpoint] if endpoint else []
        return self._database.read(lambda tx: store.triggers.page(tx, *where, cursor=cursor, limit=limit))

    def pause(self, ref: str) -> Trigger:
        """The trigger does not fire until it is resumed.

        Raises:
            Conflict: If it is paused already.
        """
        return self._switch(ref, enabled=False)

    def resume(self, ref: str) -> Trigger:
        """The trigger may fire again; what happened meanwhile is passed over.

        Raises:
            Conflict: If it is not paused.
        """
        return self._switch(ref, enabled=True)

    def request(self, ref: str, request: Request) -> Reaction:
        """A person wants a retraining now, by a trigger's recipe; the decision says why if it can't be.

        Raises:
            NotFound: If there is no such trigger.
        """
        trigger = self.trigger(ref)
        recipe = msgspec.structs.replace(trigger.recipe, params=trigger.recipe.params | request.params)
        asked = msgspec.structs.replace(trigger, kind="request", recipe=recipe, enabled=True)
        what = f"{current_actor()} asks for it: {request.reason}"
        facts = self._facts.of(asked, as_of=self._clock.now(), what=what)
        return self._database.write(lambda tx: self._decider.judge(tx, asked, facts, None, None))

    def reactions(
        self,
        *,
        endpoint: str | None = None,
        trigger: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Reaction]:
        """What triggers decided and why, newest first."""
        where = [store.reactions.c.endpoint == endpoint] if endpoint else []
        where += [store.reactions.c.trigger == trigger] if trigger else []
        return self._database.read(lambda tx: store.reactions.page(tx, *where, cursor=cursor, limit=limit))

    def reaction(self, reaction_id: str) -> Reaction:
        """One reaction with the facts it rests on.

        Raises:
            NotFound: If there is none with this id.
        """
        return self._database.read(lambda tx: store.reactions.get(tx, reaction_id))

    def _switch(self, ref: str, *, enabled: bool) -> Trigger:
        def switch(tx: Transaction) -> Trigger:
            trigger = _find(tx, ref)
            if trigger.enabled == enabled:
                raise Conflict(
                    f"trigger {trigger.name} is {'not paused' if enabled else 'paused already'}",
                    hint="nothing is left to do here",
                )
            tx.emit(TriggerSwitched(subject=trigger.id, name=trigger.name, enabled=enabled))
            next_at = trigger.next_at
            if enabled and trigger.cron is not None:  # ticks that passed meanwhile are not made up for
                next_at = next_tick(trigger.cron, self._clock.now()) if trigger.clock == "wall" else None
            return store.triggers.replace(
                tx, msgspec.structs.replace(trigger, enabled=enabled, next_at=next_at)
            )

        return self._database.write(switch)


def _find(tx: Transaction, ref: str) -> Trigger:
    by_name = None if kind_of(ref) == "trg" else store.triggers.first(tx, store.triggers.c.name == ref)
    return by_name or store.triggers.get(tx, ref)
