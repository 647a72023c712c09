"""How a release splits units between model versions and when it ends: one file per strategy.

Everything here is pure: the same release, unit and evidence give the same answer on every replica.
"""

from datetime import datetime
from typing import Protocol

from pomona.releases.records import (
    Arm,
    Assignment,
    CanaryEvidence,
    CanaryPolicy,
    Release,
    StrategyName,
    Verdict,
)
from pomona.releases.strategies.canary import Canary
from pomona.releases.strategies.champion import Champion


class Strategy(Protocol):
    """One way to prove (or just serve) a model."""

    def arms(self, release: Release) -> tuple[Arm, ...]:
        """The arms with their shares, which sum to 1: all a gateway needs beside the salt."""
        ...

    def assign(self, arms: tuple[Arm, ...], salt: str, unit: str) -> Assignment:
        """The arm for a unit, and the probability of every arm."""
        ...

    def decide(self, evidence: CanaryEvidence, policy: CanaryPolicy, now: datetime) -> Verdict:
        """What to do with the release, given all it has seen."""
        ...


STRATEGIES: dict[StrategyName, Strategy] = {"champion": Champion(), "canary": Canary()}

__all__ = ["STRATEGIES", "Canary", "Champion", "Strategy"]
