"""The loop from Python: when a model is retrained, and why it was or was not."""

from collections.abc import Iterator, Mapping
from typing import Any

from pomona.loop.records import NewTrigger, Reaction, Recipe, Request, TickClock, Trigger, TriggerKind
from pomona.sdk.session import Session, part


class Loop:
    """``client.loop``: triggers and reactions."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def trigger(
        self,
        name: str,
        *,
        endpoint: str,
        kind: TriggerKind,
        recipe: Recipe,
        threshold: float | None = None,
        cron: str | None = None,
        clock: TickClock = "wall",
        cooldown_hours: float = 0.0,
        budget: int | None = None,
        budget_days: float = 30.0,
    ) -> Trigger:
        """Say when the model behind an endpoint is retrained.

        Args:
            kind: ``request``, ``schedule``, ``drift``, ``quality`` or ``data_volume``.
            recipe: What is trained, how it is judged and released.
            threshold: A window's score (default: an open incident), or growth: 1.0 = twice the rows.
            cron: ``schedule``: five fields, UTC, of the ``wall`` or (``event``) the predictions' clock.
            cooldown_hours: Least time between retrainings that drift, quality or data volume start.
            budget: At most so many retrainings of the endpoint within ``budget_days``.

        Raises:
            Invalid: If it could never fire.
            NotFound: If the endpoint or the training entry does not exist.
        """
        new = NewTrigger(
            name=name,
            endpoint=endpoint,
            kind=kind,
            recipe=recipe,
            threshold=threshold,
            cron=cron,
            clock=clock,
            cooldown_hours=cooldown_hours,
            budget=budget,
            budget_days=budget_days,
        )
        return self.create(new)

    def create(self, new: NewTrigger) -> Trigger:
        """As ``trigger``, with everything in one record."""
        return self._session.post("/api/v1/triggers", new, Trigger)

    def get(self, ref: str) -> Trigger:
        """One trigger, by id or name."""
        return self._session.get(f"/api/v1/triggers/{part(ref)}", Trigger)

    def triggers(self, *, endpoint: str | None = None, limit: int | None = None) -> Iterator[Trigger]:
        """Triggers, newest first."""
        return self._session.all("/api/v1/triggers", Trigger, limit=limit, endpoint=endpoint)

    def pause(self, ref: str) -> Trigger:
        """Let a trigger not fire until it is resumed."""
        return self._session.post(f"/api/v1/triggers/{part(ref)}/pause", {}, Trigger)

    def resume(self, ref: str) -> Trigger:
        """Let a trigger fire again; what happened meanwhile is passed over."""
        return self._session.post(f"/api/v1/triggers/{part(ref)}/resume", {}, Trigger)

    def retrain(self, trigger: str, *, reason: str, params: Mapping[str, Any] | None = None) -> Reaction:
        """Ask for a retraining now, by a trigger's recipe; the answer says why, if it cannot be.

        Args:
            params: Over those of the recipe.
        """
        asked = Request(reason=reason, params=dict(params or {}))
        return self._session.post(f"/api/v1/triggers/{part(trigger)}/requests", asked, Reaction)

    def reactions(
        self, *, endpoint: str | None = None, trigger: str | None = None, limit: int | None = None
    ) -> Iterator[Reaction]:
        """What triggers decided and why, newest first."""
        return self._session.all(
            "/api/v1/reactions", Reaction, limit=limit, endpoint=endpoint, trigger=trigger
        )

    def reaction(self, reaction_id: str) -> Reaction:
        """One reaction with the facts it rests on."""
        return self._session.get(f"/api/v1/reactions/{part(reaction_id)}", Reaction)
