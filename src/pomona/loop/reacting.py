"""Reacts to the ledger: each event once, with the decision, the job and the cursor in one transaction."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from pomona.core.actors import current_actor
from pomona.core.errors import PomonaError
from pomona.core.events import ReactionDecided, RetrainingEnded
from pomona.core.ids import new_id
from pomona.core.ports import Clock, Database, Ledger, Transaction
from pomona.core.records import Entry
from pomona.data.records import DataVersion
from pomona.jobs.records import Job
from pomona.loop import rules, store
from pomona.loop.facts import KIND, FactFinder, about_window, with_loss
from pomona.loop.records import Facts, Reaction, RetrainOutcome, RetrainPlan, Trigger
from pomona.monitoring.records import Incident, Window, WindowKind

CURSOR = "loop"
NEWS = ("monitoring.window_closed", "data.version_committed", "jobs.finished")
INCIDENT_KINDS: tuple[WindowKind, ...] = ("drift", "quality")


class Queue(Protocol):
    """Where jobs are put."""

    def enqueue(
        self, tx: Transaction, kind: str, payload: dict[str, object], *, key: str | None = None
    ) -> Job: ...


class Monitoring(Protocol):
    """Windows and incidents."""

    def window(self, window_id: str) -> Window: ...

    def incident_of(self, window: Window) -> Incident | None:
        """The incident that a window opened or belongs to, if it is still open."""
        ...

    def open_incident(self, endpoint: str, kind: WindowKind) -> Incident | None: ...


class Versions(Protocol):
    """Data versions."""

    def resolve(self, ref: str) -> DataVersion: ...


class Decider:
    """Decides about one trigger inside a transaction and keeps the decision with its facts."""

    def __init__(self, clock: Clock, queue: Queue, facts: FactFinder) -> None:
        self._clock = clock
        self._queue = queue
        self._facts = facts

    def judge(
        self, tx: Transaction, trigger: Trigger, facts: Facts, event: int | None, incident: str | None
    ) -> Reaction:
        """Decide, keep why, and queue the retraining if it fires."""
        full = self._facts.in_transaction(tx, trigger, facts)
        decision = rules.decide_retrain(full)
        now = self._clock.now()
        reaction = Reaction(
            id=new_id("rea", now),
            trigger=trigger.name,
            endpoint=trigger.endpoint,
            kind=facts.kind,
            event=event,
            fired=decision.fire,
            reason=decision.reason,
            facts=full,
            at=now,
            by=current_actor(),
        )
        if decision.fire:
            job = self._queue.enqueue(tx, KIND, self._payload(trigger, reaction), key=reaction.id)
            reaction = msgspec.structs.replace(reaction, job=job.id)
            tx.link(reaction.id, "caused", job.id)
        if incident is not None:
            tx.link(incident, "caused", reaction.id)
        tx.emit(
            ReactionDecided(
                subject=reaction.id,
                trigger=trigger.name,
                fired=reaction.fired,
                reason=reaction.reason,
                job=reaction.job,
            )
        )
        return store.reactions.insert(tx, reaction)

    def _payload(self, trigger: Trigger, reaction: Reaction) -> dict[str, object]:
        plan = RetrainPlan(
            reaction=reaction.id,
            trigger=trigger.name,
            endpoint=trigger.endpoint,
            recipe=msgspec.structs.replace(trigger.recipe, params=reaction.facts.params),
            data_version=reaction.facts.data_version or "",
            reason=reaction.reason,
        )
        payload: dict[str, object] = msgspec.to_builtins(plan)
        return payload


class Reactor:
    """Follows the ledger."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        *,
        decider: Decider,
        facts: FactFinder,
        monitoring: Monitoring,
        data: Versions,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._decider = decider
        self._facts = facts
        self._monitoring = monitoring
        self._data = data

    def react(self) -> int:
        """Deal with every new event; returns how many reactions were decided.

        Killed at any moment, the next call goes on where the last transaction ended: no event is
        forgotten, none is dealt with twice.
        """
        done, after = 0, self._database.read(lambda tx: store.cursor(tx, CURSOR))
        while news := self._ledger.entries(after=after, types=NEWS, limit=100):
            done += sum(self._deal_with(entry) for entry in news)
            after = news[-1].seq
        return done

    def _deal_with(self, entry: Entry) -> int:
        if entry.type == "jobs.finished":
            return self._once(entry, lambda tx: self._job_ended(tx, entry))
        found = self._window(entry) if entry.type == "monitoring.window_closed" else self._version(entry)

        def decide(tx: Transaction) -> int:
            for trigger, facts, incident in found:
                self._decider.judge(tx, trigger, facts, entry.seq, incident)
            return len(found)

        return self._once(entry, decide)

    def _once(self, entry: Entry, act: Callable[[Transaction], int]) -> int:
        def work(tx: Transaction) -> int:
            if store.cursor(tx, CURSOR) >= entry.seq:
                return 0  # another process was faster
            store.advance(tx, CURSOR, entry.seq)
            return act(tx)

        return self._database.write(work)

    def _window(self, entry: Entry) -> list[tuple[Trigger, Facts, str | None]]:
        """A window that is bad enough for somebody's attention, for each trigger that watches its kind."""
        window = self._monitoring.window(entry.subject)
        watching = [t for t in self._triggers(window.endpoint) if t.kind == window.kind]
        if not watching or window.state == "thin":
            return []
        incident = self._monitoring.incident_of(window)
        found: list[tuple[Trigger, Facts, str | None]] = []
        for trigger in watching:
            alarmed = window.state == "alarm"
            unmet = rules.missing_in_window(
                trigger, score=window.score, alarmed=alarmed, incident=incident is not None
            )
            if alarmed or unmet is None:
                facts = self._facts.of(trigger, as_of=window.end, what=about_window(window), unmet=unmet)
                found.append((trigger, with_loss(facts, window), incident.id if incident else None))
        return found

    def _version(self, entry: Entry) -> list[tuple[Trigger, Facts, str | None]]:
        """A new data version: more data to learn from, perhaps in the middle of an incident."""
        version = self._data.resolve(entry.subject)
        interested = [t for t in self._triggers() if self._trains_on(t, version.dataset)]
        said = (self._about_version(trigger, version) for trigger in interested)
        return [reaction for reaction in said if reaction is not None]

    def _about_version(
        self, trigger: Trigger, version: DataVersion
    ) -> tuple[Trigger, Facts, str | None] | None:
        name = f"{version.dataset}@v{version.number}"
        failed = "it failed its checks" if version.quality in ("fail", "critical") else None
        if trigger.kind == "data_volume":
            grown = self._facts.growth(trigger, version)
            if grown is None or trigger.threshold is None:
                return None
            what = f"{name} has {grown:+.0%} rows over the champion's ({trigger.threshold:+.0%} fires)"
            unmet = None if grown >= trigger.threshold else "below the threshold"
            return (
                trigger,
                self._facts.of(trigger, as_of=version.as_of, what=what, unmet=failed or unmet),
                None,
            )
        for kind in INCIDENT_KINDS:
            incident = (
                self._monitoring.open_incident(trigger.endpoint, kind) if trigger.kind == kind else None
            )
            if incident is not None:
                what = f"{name} while a {kind} incident is open"
                return (
                    trigger,
                    self._facts.of(trigger, as_of=version.as_of, what=what, unmet=failed),
                    incident.id,
                )
        return None

    def _trains_on(self, trigger: Trigger, dataset: str) -> bool:
        try:
            return self._facts.dataset_of(trigger) == dataset
        except PomonaError:
            return False  # its entry is gone: nothing can be trained on anything

    def _triggers(self, endpoint: str | None = None) -> list[Trigger]:
        c = store.triggers.c
        where = [c.endpoint == endpoint] if endpoint else []
        return self._database.read(lambda tx: store.triggers.all(tx, c.enabled.is_(True), *where))

    def _job_ended(self, tx: Transaction, entry: Entry) -> int:
        """A retraining that failed says so on its reaction."""
        if entry.data["kind"] != KIND or entry.data["state"] not in ("failed", "cancelled"):
            return 0
        reaction = store.reaction_of(tx, entry.subject)
        if reaction is None or reaction.outcome is not None:
            return 0
        reason = str(entry.data["error"] or entry.data["state"])
        ended(tx, reaction, "failed", reason, version=None)
        return 1


def ended(
    tx: Transaction, reaction: Reaction, outcome: RetrainOutcome, reason: str, *, version: str | None
) -> None:
    """Note on a reaction what its retraining came to, and tell."""
    store.reactions.replace(tx, msgspec.structs.replace(reaction, outcome=outcome, outcome_reason=reason))
    tx.emit(
        RetrainingEnded(
            subject=reaction.id, endpoint=reaction.endpoint, outcome=outcome, reason=reason, version=version
        )
    )
