"""A home folder whose serving stage has one endpoint and two model versions, without a gateway."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
from tests.databases import home_records
from tests.serving.planned import START, Planned, journal_row, write_segment

from pomona.app import App, open_app
from pomona.jobs.records import Job
from pomona.registry.records import ModelColumn, Signature
from pomona.serving.archive.records import BatchPolicy
from pomona.serving.archive.service import Archive
from pomona.serving.journal import JournalRow
from pomona.serving.records import NewOutcome
from pomona.serving.service import ServingService
from pomona.testing.clock import FakeClock
from pomona.worker import Housekeeper

SMALL = BatchPolicy(rows=50, age_s=600, most=40, compact_s=3600)
NAMES = {"predictions": "late-predictions", "outcomes": "late-outcomes"}


class Served(Planned):
    """Model versions that say what they take, and what they were trained on."""

    trained_on: str | None = None
    inputs: tuple[ModelColumn, ...] = ()

    def version(self, ref: str) -> Any:
        return SimpleNamespace(
            id=ref,
            model="delays",
            number=int(ref[-1]),
            files=[],
            signature=Signature(inputs=self.inputs),
            data_version=self.trained_on,
        )


class World:
    """A home folder with a clock that can be moved."""

    def __init__(self, home: Path, policy: BatchPolicy = SMALL) -> None:
        self.home, self.clock, self.planned = home, FakeClock(START), Served()
        self.app: App = open_app(home, address=home_records(), clock=self.clock)
        self.journal = home / "gateway" / "journal"
        self.serving = ServingService(self.app.database, self.clock, self.planned, self.planned, self.journal)
        self.archive = Archive(
            self.app.database,
            self.clock,
            self.app.jobs,
            data=self.app.data,
            shelf=self.app.shelf,
            endpoints=self.planned,
            models=self.planned,
            compact=lambda ref: self.app.jobs.submit("rebase_data", {"dataset": ref, "threshold": 0.15}),
            policy=policy,
        )
        vars(self.app)["archive"] = self.archive  # in the place of the one that asks the real stages
        vars(self.app)["serving"] = self.serving
        self.housekeeper = Housekeeper(self.app)
        self._segments = 0

    def answer(self, rows: Sequence[JournalRow]) -> int:
        """Rows as a gateway journals them, folded."""
        self._segments += 1
        self.segment(f"{self._segments:014}-a", rows)
        return self.serving.fold()

    def segment(self, name: str, rows: Sequence[JournalRow]) -> None:
        """Rows as a gateway journals them."""
        write_segment(self.journal, name, rows)

    def tell(self, numbers: Sequence[int], value: float = 1.0, **about: Any) -> None:
        """What came true of these predictions."""
        self.serving.record_outcomes(
            [NewOutcome(prediction_id=f"prd_{number:08}", value=value, **about) for number in numbers]
        )

    def write(self) -> Job:
        """Write what waits; returns the job when it is done."""
        job = self.archive.start("late")
        while self.housekeeper.run_one():
            pass
        return self.app.jobs.get(job.id)

    def read(self, what: str) -> pl.DataFrame:
        """The newest version of a table."""
        found = pl.from_arrow(self.app.data.read(NAMES[what]))
        assert isinstance(found, pl.DataFrame)
        return found

    def versions(self, what: str) -> list[Any]:
        """Versions of a table, newest first."""
        return self.app.data.versions(NAMES[what])


@contextmanager
def opened(home: Path, policy: BatchPolicy = SMALL) -> Iterator[World]:
    """A world, closed at the end."""
    world = World(home, policy)
    try:
        yield world
    finally:
        world.app.close()


def rows(*numbers: int, **changes: Any) -> list[JournalRow]:
    """Predictions with these numbers."""
    return [journal_row(number, **changes) for number in numbers]
