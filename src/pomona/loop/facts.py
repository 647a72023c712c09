"""Gathers what a decision rests on: what happened, the data, the champion, what was tried before."""

from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from pomona.core.errors import NotFound
from pomona.core.ports import Transaction
from pomona.data.records import DataVersion
from pomona.data.references import parse_ref
from pomona.jobs import store as job_store
from pomona.loop import rules, store
from pomona.loop.records import Facts, Trigger
from pomona.monitoring.records import Window
from pomona.registry.records import ModelVersion
from pomona.releases.records import Endpoint, Release
from pomona.training.records.entries import TrainingEntry

KIND = "retrain"


class Data(Protocol):
    """Data versions by reference."""

    def resolve(self, ref: str) -> DataVersion: ...


class Registry(Protocol):
    """Model versions."""

    def version(self, ref: str) -> ModelVersion: ...

    def champion(self, model: str) -> ModelVersion | None: ...


class Releases(Protocol):
    """What endpoints serve."""

    def endpoint(self, ref: str) -> Endpoint: ...

    def active(self, endpoint: str) -> Release | None: ...


class Entries(Protocol):
    """Training entries."""

    def entry(self, ref: str) -> TrainingEntry:
        """The newest entry with this name, or the one named ``name@v3`` or by id.

        Raises:
            NotFound: If there is no such entry.
        """
        ...


class FactFinder:
    """Reads facts from the stages."""

    def __init__(self, data: Data, registry: Registry, releases: Releases, entries: Entries) -> None:
        self._data = data
        self._registry = registry
        self._releases = releases
        self._entries = entries

    def entry(self, ref: str) -> TrainingEntry:
        """The training entry of a recipe."""
        return self._entries.entry(ref)

    def dataset_of(self, trigger: Trigger) -> str:
        """The dataset a trigger's recipe trains on."""
        if trigger.recipe.dataset is not None:
            return trigger.recipe.dataset
        ref = self._entries.entry(trigger.recipe.entry).data.ref
        return parse_ref(ref).dataset or self._data.resolve(ref).dataset

    def champion(self, endpoint: Endpoint) -> ModelVersion | None:
        """Who serves the endpoint, or would serve it."""
        release = self._releases.active(endpoint.name)
        if release is not None:
            return self._registry.version(release.champion)
        return self._registry.champion(endpoint.model)

    def of(self, trigger: Trigger, *, as_of: datetime, what: str, unmet: str | None = None) -> Facts:
        """What does not change while the decision is taken; ``in_transaction`` adds the rest."""
        endpoint = self._releases.endpoint(trigger.endpoint)
        champion, release = self.champion(endpoint), self._releases.active(endpoint.name)
        newest = self._newest(trigger)
        canary = release.id if release is not None and release.strategy == "canary" else None
        recipe = trigger.recipe
        return Facts(
            kind=trigger.kind,
            enabled=trigger.enabled,
            what=what,
            as_of=as_of,
            unmet=unmet,
            canary=canary,
            entry=recipe.entry,
            params=recipe.params,
            data_version=newest.id if newest is not None else None,
            champion_data=champion.data_version if champion is not None else None,
            cooldown_hours=trigger.cooldown_hours,
            budget=trigger.budget,
            budget_days=trigger.budget_days,
            cost=float(recipe.cost.amount) if recipe.cost is not None else None,
            horizon_days=recipe.horizon_days,
            currency=recipe.cost.currency if recipe.cost is not None else "",
        )

    def in_transaction(self, tx: Transaction, trigger: Trigger, facts: Facts) -> Facts:
        """The facts that another decision may change: what runs, what was tried, when it was last done."""
        done = store.fired(tx, trigger.endpoint)
        running = next(
            (job for job in job_store.open_jobs(tx, KIND) if job.payload["endpoint"] == trigger.endpoint),
            None,
        )
        same = (facts.entry, facts.params, facts.data_version)
        tried = next((r for r in done if (r.facts.entry, r.facts.params, r.facts.data_version) == same), None)
        counted = [reaction.facts.as_of for reaction in done if reaction.kind in rules.COUNTED]
        since = facts.as_of - timedelta(days=facts.budget_days)
        return msgspec.structs.replace(
            facts,
            running_job=running.id if running is not None else None,
            tried_by=tried.job if tried is not None else None,
            last_retrained=max(counted, default=None),
            retrained=sum(reaction.facts.as_of > since for reaction in done),
        )

    def growth(self, trigger: Trigger, version: DataVersion) -> float | None:
        """How much more data a version has than the champion's; None if that is not known."""
        champion = self.champion(self._releases.endpoint(trigger.endpoint))
        if champion is None or champion.data_version is None:
            return None
        return rules.growth(version.rows, self._data.resolve(champion.data_version).rows)

    def _newest(self, trigger: Trigger) -> DataVersion | None:
        try:
            return self._data.resolve(f"{self.dataset_of(trigger)}@passed")
        except NotFound:
            return None


def with_loss(facts: Facts, window: Window) -> Facts:
    """The facts, with what the model loses a day if the window's quality is money."""
    quality = window.quality
    if quality is None or quality.metric != "value_per_prediction" or quality.value is None:
        return facts
    wanted = quality.floor if quality.floor is not None else quality.baseline
    if wanted is None:
        return facts
    days = (window.end - window.start).total_seconds() / 86_400
    lost = max(0.0, wanted - quality.value) * quality.rows / days
    return msgspec.structs.replace(facts, loss_per_day=lost, currency=facts.currency or quality.currency)


def about_window(window: Window) -> str:
    """What a window says, in one line."""
    return f"{window.kind} until {window.end:%Y-%m-%d}: {window.summary}"
