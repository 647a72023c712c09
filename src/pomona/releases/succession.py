"""Who serves after whom: each change of an endpoint's release, written in the caller's transaction."""

from typing import Protocol

import msgspec

from pomona.core.actors import current_actor
from pomona.core.events import ReleaseDecided, ReleaseStarted
from pomona.core.ids import new_id
from pomona.core.ports import Clock, Transaction
from pomona.registry.records import CHAMPION, GateResult, ModelVersion
from pomona.releases import store
from pomona.releases.records import (
    Action,
    CanaryEvidence,
    CanaryPolicy,
    Endpoint,
    Release,
    ReleaseState,
    StoredVerdict,
    Verdict,
)

_STATES: dict[Action, ReleaseState] = {
    "continue": "running",
    "promote": "promoted",
    "roll_back": "rolled_back",
    "halt_invalid": "rolled_back",
}


class Registry(Protocol):
    """Model versions, what their gate said, and the champion's alias."""

    def version(self, ref: str) -> ModelVersion:
        """The version with this id or name.

        Raises:
            NotFound: If there is none.
        """
        ...

    def gates(self, ref: str) -> list[GateResult]:
        """What the gate said about a version, newest first."""
        ...

    def check_approved(self, version: ModelVersion) -> None:
        """Refuse a version that lacks the approvals its model asks for.

        Raises:
            Refused: Saying what is missing.
        """
        ...

    def move_alias(self, tx: Transaction, model: str, alias: str, number: int, *, reason: str = "") -> None:
        """Let ``models:/model@alias`` name version ``number``, inside the caller's transaction."""
        ...


class Succession:
    """Begins and ends releases. At most one release of an endpoint runs; the one before is ended first."""

    def __init__(self, clock: Clock, registry: Registry) -> None:
        self._clock = clock
        self._registry = registry

    def champion(self, tx: Transaction, route: Endpoint, version: ModelVersion, *, reason: str) -> Release:
        """``version`` serves every unit from now on and is the model's champion."""
        self._supersede(tx, route)
        self._registry.move_alias(tx, version.model, CHAMPION, version.number, reason=reason)
        return self._begin(tx, route, self._alone(route, version.id, reason))

    def canary(
        self,
        tx: Transaction,
        route: Endpoint,
        old: Release,
        rival: ModelVersion,
        *,
        policy: CanaryPolicy,
        reason: str,
    ) -> Release:
        """``rival`` answers a share of units beside the champion of ``old``."""
        self._supersede(tx, route)
        fresh = msgspec.structs.replace(
            self._alone(route, old.champion, reason),
            strategy="canary",
            candidate=rival.id,
            share=policy.share,
            # Each canary draws its units anew; the same history draws the same ones again.
            salt=f"{route.name}-{store.count_canaries(tx, route.name) + 1}",
            policy=policy,
        )
        return self._begin(tx, route, fresh)

    def act(
        self, tx: Transaction, release: Release, verdict: Verdict, evidence: CanaryEvidence | None
    ) -> Release:
        """Keep a verdict and do what it says: nothing yet, or end the canary and let the winner serve."""
        now, state = self._clock.now(), _STATES[verdict.action]
        changed = msgspec.structs.replace(
            release,
            verdict=verdict,
            verdicts=release.verdicts + 1,
            state=state,
            ended_at=None if state == "running" else now,
        )
        stored = StoredVerdict(
            id=new_id("vrd", now),
            release=release.id,
            number=changed.verdicts,
            verdict=verdict,
            evidence=evidence,
            policy=release.policy or CanaryPolicy(),
            recorded_at=now,
            by=current_actor(),
        )
        store.verdicts.insert(tx, stored)
        store.releases.replace(tx, changed)
        if state != "running":
            self._succeed(tx, changed, verdict)
        return changed

    def _succeed(self, tx: Transaction, ended: Release, verdict: Verdict) -> None:
        route = store.find_endpoint(tx, ended.endpoint)
        promoted = ended.state == "promoted" and ended.candidate is not None
        winner = ended.candidate if promoted and ended.candidate else ended.champion
        told = ReleaseDecided(
            subject=ended.id,
            endpoint=route.name,
            verdict=verdict.action,
            reason=verdict.reason,
            champion=winner,
        )
        tx.emit(told)
        self._begin(tx, route, self._alone(route, winner, self._why(ended, promoted=promoted)))
        if promoted:
            version = self._registry.version(winner)
            self._registry.move_alias(tx, version.model, CHAMPION, version.number, reason=verdict.reason)

    def _why(self, ended: Release, *, promoted: bool) -> str:
        if promoted or ended.candidate is None:
            return "promoted after its canary" if promoted else "stays champion"
        rival = self._registry.version(ended.candidate)
        return f"stays champion after the canary of v{rival.number}"

    def _supersede(self, tx: Transaction, route: Endpoint) -> None:
        old = store.running(tx, route.name)
        if old is not None:
            ended = msgspec.structs.replace(old, state="superseded", ended_at=self._clock.now())
            store.releases.replace(tx, ended)

    def _alone(self, route: Endpoint, champion: str, reason: str) -> Release:
        now = self._clock.now()
        release_id = new_id("rel", now)
        return Release(
            id=release_id,
            endpoint=route.name,
            strategy="champion",
            champion=champion,
            salt=release_id,
            reason=reason,
            started_at=now,
            started_by=current_actor(),
        )

    def _begin(self, tx: Transaction, route: Endpoint, release: Release) -> Release:
        told = ReleaseStarted(
            subject=release.id,
            endpoint=route.name,
            strategy=release.strategy,
            champion=release.champion,
            candidate=release.candidate,
            share=release.share,
        )
        tx.emit(told)
        tx.link(release.id, "belongs_to", route.id)
        tx.link(release.id, "serves", release.champion)
        if release.candidate is not None:
            tx.link(release.id, "challenges", release.candidate)
        return store.releases.insert(tx, release)
