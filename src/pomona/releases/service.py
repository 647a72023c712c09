"""Use cases of stage 4: endpoints, starting a release, deciding about a canary."""

from typing import Protocol

from pomona.business.records import Hypothesis
from pomona.core.actors import current_actor
from pomona.core.errors import Conflict, Invalid, Refused
from pomona.core.events import EndpointCreated
from pomona.core.ids import new_id
from pomona.core.ports import Clock, Database, Transaction
from pomona.core.records import Page
from pomona.registry.records import CHAMPION, GateDecision, ModelVersion
from pomona.registry.rules import check_champion
from pomona.releases import rules, store
from pomona.releases.records import (
    Action,
    CanaryEvidence,
    CanaryPolicy,
    Endpoint,
    NewEndpoint,
    NewRelease,
    Plan,
    Release,
    StoredVerdict,
    Verdict,
)
from pomona.releases.strategies import STRATEGIES
from pomona.releases.succession import Registry, Succession


class Hypotheses(Protocol):
    """Where an endpoint's payoffs come from."""

    def hypothesis(self, ref: str) -> Hypothesis:
        """The hypothesis with this id or name."""
        ...


class ReleaseService:
    """Endpoints and what serves them.

    Args:
        database: Where releases live.
        clock: Wall time of what is recorded.
        registry: Model versions and their aliases.
        business: Hypotheses, whose payoffs an endpoint copies when it is made.
    """

    def __init__(self, database: Database, clock: Clock, registry: Registry, business: Hypotheses) -> None:
        self._database = database
        self._clock = clock
        self._registry = registry
        self._business = business
        self._succession = Succession(clock, registry)

    def create_endpoint(self, new: NewEndpoint) -> Endpoint:
        """Name a route of the gateway; it answers once a release is started on it.

        Raises:
            Invalid: If the name or the threshold will not do.
            NotFound: If the hypothesis is unknown.
            Conflict: If the name is taken.
        """
        rules.check_endpoint(new)
        hypothesis = self._business.hypothesis(new.hypothesis) if new.hypothesis else None
        endpoint = self._endpoint(new, hypothesis)

        def add(tx: Transaction) -> Endpoint:
            store.endpoints.unused(tx, "name", new.name)
            tx.emit(EndpointCreated(subject=endpoint.id, name=endpoint.name, model=endpoint.model))
            if hypothesis is not None:
                tx.link(endpoint.id, "tests", hypothesis.id)
            return store.endpoints.insert(tx, endpoint)

        return self._database.write(add)

    def endpoint(self, ref: str) -> Endpoint:
        """The endpoint with this id or name.

        Raises:
            NotFound: If there is none.
        """
        return self._database.read(lambda tx: store.find_endpoint(tx, ref))

    def endpoints(self, *, cursor: str | None = None, limit: int = 50) -> Page[Endpoint]:
        """Endpoints, newest first."""
        return self._database.read(lambda tx: store.endpoints.page(tx, cursor=cursor, limit=limit))

    def release(self, release_id: str) -> Release:
        """One release.

        Raises:
            NotFound: If there is none with this id.
        """
        return self._database.read(lambda tx: store.releases.get(tx, release_id))

    def releases(
        self, *, endpoint: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[Release]:
        """Releases, newest first; of one endpoint (id or name) if given."""

        def find(tx: Transaction) -> Page[Release]:
            name = store.find_endpoint(tx, endpoint).name if endpoint else None
            where = [store.releases.c.endpoint == name] if name else []
            return store.releases.page(tx, *where, cursor=cursor, limit=limit)

        return self._database.read(find)

    def verdicts(self, release_id: str) -> list[StoredVerdict]:
        """Every verdict of a release with its evidence, oldest first.

        Raises:
            NotFound: If there is no such release.
        """

        def find(tx: Transaction) -> list[StoredVerdict]:
            return store.verdicts_of(tx, store.releases.get(tx, release_id).id)

        return self._database.read(find)

    def active(self, endpoint: str) -> Release | None:
        """What an endpoint (id or name) serves now; None before its first release.

        Raises:
            NotFound: If there is no such endpoint.
        """
        return self._database.read(lambda tx: store.running(tx, store.find_endpoint(tx, endpoint).name))

    def canaries(self) -> list[Release]:
        """Every running canary."""
        return [plan.release for plan in self.plans() if plan.release.strategy == "canary"]

    def plans(self) -> list[Plan]:
        """What every endpoint serves now, for the gateway; endpoints without a release are left out."""

        def find(tx: Transaction) -> list[Plan]:
            running = store.releases.all(tx, store.releases.c.state == "running")
            by_name = {endpoint.name: endpoint for endpoint in store.endpoints.all(tx)}
            return [
                Plan(endpoint=by_name[r.endpoint], release=r, arms=STRATEGIES[r.strategy].arms(r))
                for r in running
            ]

        return self._database.read(find)

    def start(self, endpoint: str, new: NewRelease) -> Release:
        """Start what a person (or the loop) asks for; see ``start_champion`` and ``start_canary``."""
        if new.strategy == "champion":
            return self.start_champion(endpoint, new.version, reason=new.reason, force=new.force)
        return self.start_canary(endpoint, new.version, policy=new.policy, reason=new.reason)

    def start_champion(
        self, endpoint: str, version: str, *, reason: str, force: str | None = None
    ) -> Release:
        """Serve one model version to every unit from now on, and call it the champion.

        Args:
            force: Why it may serve although its gate has not let it pass.

        Raises:
            Invalid: If the version is of another model, or no reason is given.
            Refused: If it tests a hypothesis and its gate has not let it pass.
            Conflict: If a canary runs: promote it or roll it back first.
        """
        _need(reason)
        found = self._registry.version(version)
        self._check_gate(found, force)

        def begin(tx: Transaction) -> Release:
            route = _fitting(tx, endpoint, found)
            old = store.running(tx, route.name)
            _no_canary(old)
            if old is not None and old.champion == found.id:
                return old
            return self._succession.champion(tx, route, found, reason=reason)

        return self._database.write(begin)

    def start_canary(
        self, endpoint: str, candidate: str, *, policy: CanaryPolicy | None = None, reason: str
    ) -> Release:
        """Let ``candidate`` answer a share of the units beside the champion until a verdict.

        Raises:
            Invalid: If the policy will not do, or the version is of another model.
            Refused: If there is no champion to compare with, the candidate is the champion, or it lacks
                approvals.
            Conflict: If a canary runs already.
        """
        _need(reason)
        policy = policy or CanaryPolicy()
        rules.check_policy(policy)
        found = self._registry.version(candidate)
        if CHAMPION not in found.aliases:
            self._registry.check_approved(found)  # its promotion may come by itself

        def begin(tx: Transaction) -> Release:
            route = _fitting(tx, endpoint, found)
            old = store.running(tx, route.name)
            _no_canary(old)
            if old is None:
                raise Refused(
                    f"{route.name} serves no champion that a canary could be compared with",
                    hint="start this version as champion",
                )
            if old.champion == found.id:
                raise Refused(
                    f"{found.model}/{found.number} is the champion already",
                    hint="register a new version first",
                )
            return self._succession.canary(tx, route, old, found, policy=policy, reason=reason)

        return self._database.write(begin)

    def decide(self, release_id: str, evidence: CanaryEvidence) -> Release:
        """Judge a canary by what it did so far, and act: promote, roll back, or go on.

        The verdict is stored with its evidence; to go on is stored only when something new was known. A
        release that has ended stays as it ended. A winner that lacks approvals goes on as a canary.

        Raises:
            NotFound: If there is no such release.
        """

        def judge(tx: Transaction) -> Release:
            release = store.releases.get(tx, release_id)
            last = store.last_verdict(tx, release_id)
            if release.state != "running" or release.policy is None:
                return release
            now = evidence.until or self._clock.now()
            verdict = STRATEGIES[release.strategy].decide(evidence, release.policy, now)
            if verdict.action == "continue" and last is not None and rules.known(last.evidence, evidence):
                return release
            if verdict.action == "promote" and self._lacks_approval(release):
                return release  # it goes on as a canary until people agree
            return self._succession.act(tx, release, verdict, evidence)

        # A glance first: the usual answer to an old release costs no write.
        seen = self.release(release_id)
        return seen if seen.state != "running" else self._database.write(judge)

    def promote(self, release_id: str, *, reason: str) -> Release:
        """A person makes a canary's candidate the champion; the reason is kept.

        Raises:
            Conflict: If the release is no running canary.
            Refused: If the candidate lacks approvals.
        """
        return self._by_hand(release_id, "promote", reason)

    def roll_back(self, release_id: str, *, reason: str) -> Release:
        """A person takes a canary's candidate back; the reason is kept.

        Raises:
            Conflict: If the release is no running canary.
        """
        return self._by_hand(release_id, "roll_back", reason)

    def replay(self, release_id: str) -> list[tuple[StoredVerdict, Verdict]]:
        """Each stored verdict of the rule, and what the rule says now about the same evidence."""
        release = self.release(release_id)
        strategy = STRATEGIES[release.strategy]
        return [
            (stored, strategy.decide(stored.evidence, stored.policy, stored.verdict.at))
            for stored in self.verdicts(release_id)
            if stored.evidence is not None
        ]

    def _by_hand(self, release_id: str, action: Action, reason: str) -> Release:
        _need(reason)

        def act(tx: Transaction) -> Release:
            release = store.releases.get(tx, release_id)
            if release.state != "running" or release.candidate is None:
                raise Conflict(
                    f"release {release_id} is {release.state}, with "
                    f"{'a' if release.candidate else 'no'} candidate",
                    hint="only a running canary can be promoted or rolled back; to serve another version, "
                    "start it as champion",
                )
            if action == "promote":
                self._registry.check_approved(self._registry.version(release.candidate))
            verdict = Verdict(action=action, reason=reason, at=self._clock.now())
            return self._succession.act(tx, release, verdict, None)

        return self._database.write(act)

    def _lacks_approval(self, release: Release) -> bool:
        try:
            self._registry.check_approved(self._registry.version(release.candidate or ""))
        except Refused:
            return True
        return False

    def _check_gate(self, version: ModelVersion, force: str | None) -> None:
        if CHAMPION not in version.aliases:  # what served before may serve again
            newest = next(iter(self._registry.gates(version.id)), None)
            said = GateDecision(passed=newest.passed, reason=newest.reason) if newest else None
            check_champion(governed=version.hypothesis is not None, gate=said, force=force)
            self._registry.check_approved(version)

    def _endpoint(self, new: NewEndpoint, hypothesis: Hypothesis | None) -> Endpoint:
        now = self._clock.now()
        payoffs = hypothesis.payoffs if hypothesis is not None else None
        return Endpoint(
            id=new_id("end", now),
            name=new.name,
            model=new.model,
            hypothesis=hypothesis.id if hypothesis is not None else None,
            payoffs=payoffs,
            threshold=new.threshold
            if new.threshold is not None
            else (payoffs.threshold if payoffs else None),
            positive_class=new.positive_class,
            unit_column=new.unit_column,
            durability=new.durability,
            created_at=now,
            created_by=current_actor(),
        )


def _need(reason: str) -> None:
    if not reason.strip():
        raise Invalid(
            "a reason is needed",
            hint="one sentence that still makes sense in a year",
            extra={"field": "reason"},
        )


def _no_canary(running: Release | None) -> None:
    if running is not None and running.strategy == "canary":
        raise Conflict(
            f"release {running.id} is a running canary on {running.endpoint}",
            hint="wait for its verdict, or `pomona releases promote` / `rollback` it first",
        )


def _fitting(tx: Transaction, endpoint: str, version: ModelVersion) -> Endpoint:
    route = store.find_endpoint(tx, endpoint)
    if route.model != version.model:
        raise Invalid(
            f"endpoint {route.name} serves {route.model}, this is a version of {version.model}",
            hint=f"choose a version of {route.model}, or make another endpoint",
        )
    return route
