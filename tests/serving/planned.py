"""Endpoints, releases and model versions as the serving stage needs them, without their stages."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pomona.business.records import Payoffs
from pomona.core.errors import NotFound
from pomona.releases.records import Arm, Endpoint, Plan, Release
from pomona.serving.journal import MAGIC, SUFFIX, JournalRow, frame_of

START = datetime(2026, 1, 1, tzinfo=UTC)
PAYOFFS = Payoffs(true_positive=Decimal(40), false_positive=Decimal("-15.25"), threshold=0.4)


class Planned:
    """Releases and registry in one: endpoint ``late``, a canary of mv_1 and mv_2."""

    def __init__(self, share: float = 0.5) -> None:
        self.at = Endpoint(
            id="end_1",
            name="late",
            model="delays",
            payoffs=PAYOFFS,
            threshold=0.4,
            created_at=START,
            created_by="ann",
        )
        self.running = Release(
            id="rel_1",
            endpoint="late",
            strategy="canary",
            champion="mv_1",
            candidate="mv_2",
            share=share,
            salt="salt",
            started_at=START,
            started_by="ann",
        )

    def plans(self) -> Sequence[Plan]:
        arms = (
            Arm(name="champion", model_version="mv_1", share=1 - self.running.share),
            Arm(name="candidate", model_version="mv_2", share=self.running.share),
        )
        return [Plan(endpoint=self.at, release=self.running, arms=arms)]

    def endpoint(self, ref: str) -> Endpoint:
        if ref not in ("late", "end_1"):
            raise NotFound(f"no endpoint {ref!r}")
        return self.at

    def release(self, release_id: str) -> Release:
        if release_id != self.running.id:
            raise NotFound(f"no release {release_id!r}")
        return self.running

    def sealed(self, ref: str) -> Any:
        file = SimpleNamespace(path="MLmodel", digest="0" * 64, size=1)
        version = SimpleNamespace(id=ref, model="delays", number=int(ref[-1]), files=[file])
        return version, SimpleNamespace(manifest="{}", key="0" * 32, signature="")


def journal_row(number: int, **changes: Any) -> JournalRow:
    """Prediction ``number``: every second one by the candidate, one minute apart, probability 0.0 to 0.9."""
    output = changes.pop("output", (number % 10) / 10)
    at_us = int(START.timestamp() * 1_000_000) + number * 60_000_000
    candidate = number % 2 == 1
    values: dict[str, Any] = {
        "id": f"prd_{number:08}",
        "key": str(number),
        "request": "req_1",
        "endpoint": "late",
        "release": "rel_1",
        "revision": "r1",
        "model_version": "mv_2" if candidate else "mv_1",
        "arm": "candidate" if candidate else "champion",
        "probabilities": {"champion": 0.5, "candidate": 0.5},
        "unit": str(number),
        "input": {"carrier": "AA", "hour": number % 24, "temp": None if number % 7 == 0 else 1.5},
        "output": output,
        "decision": output > 0.4,
        "at_us": at_us,
        "answered_us": at_us,
    }
    return JournalRow(**(values | changes))


def write_segment(folder: Path, name: str, rows: Sequence[JournalRow]) -> Path:
    """A segment as the gateway leaves it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}{SUFFIX}"
    path.write_bytes(MAGIC + b"".join(map(frame_of, rows)))
    return path
