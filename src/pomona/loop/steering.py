"""Steers canaries: new outcomes become evidence, evidence a verdict, a verdict an end."""

from typing import Protocol

from pomona.core.ports import Ledger
from pomona.monitoring.news import News
from pomona.releases.records import CanaryEvidence, Release

NEWS = ("serving.outcomes_recorded", "serving.predictions_folded", "releases.started")


class Evidence(Protocol):
    """What both arms of a release did."""

    def evidence(self, release: str) -> CanaryEvidence: ...


class Canaries(Protocol):
    """Running canaries, and the rule that ends them."""

    def canaries(self) -> list[Release]: ...

    def decide(self, release_id: str, evidence: CanaryEvidence) -> Release: ...


class Steering:
    """Looks at canaries when there is news of them. Safe to run anywhere and any number of times."""

    def __init__(self, ledger: Ledger, releases: Canaries, serving: Evidence) -> None:
        self._releases = releases
        self._serving = serving
        self._news = News(ledger, NEWS)

    def steer(self) -> int:
        """Judge every canary with news; returns how many ended."""
        names = self._news.endpoints()
        if names is not None and not names:
            return 0
        running = [r for r in self._releases.canaries() if names is None or r.endpoint in names]
        judged = (self._releases.decide(r.id, self._serving.evidence(r.id)) for r in running)
        return sum(release.state != "running" for release in judged)
