"""One model version answers every unit."""

from datetime import datetime

from pomona.releases.records import CHAMPION, Arm, Assignment, CanaryEvidence, CanaryPolicy, Release, Verdict


class Champion:
    """Serve the champion alone; it never ends by itself."""

    def arms(self, release: Release) -> tuple[Arm, ...]:
        """The champion, with every unit."""
        return (Arm(name=CHAMPION, model_version=release.champion, share=1.0),)

    def assign(self, arms: tuple[Arm, ...], salt: str, unit: str) -> Assignment:
        """Always the champion."""
        return Assignment(arm=arms[0], probabilities={arms[0].name: 1.0})

    def decide(self, evidence: CanaryEvidence, policy: CanaryPolicy, now: datetime) -> Verdict:
        """There is nothing to compare with."""
        return Verdict(action="continue", reason="there is no candidate to compare with", at=now)
