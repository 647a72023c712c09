"""A data service with everything that keeps versions, over a database and a folder of its own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from tests.databases import home_records

from pomona.app import App, open_app
from pomona.data.keeping.records import Collected, DropRequest, Keep
from pomona.data.records import DataVersion, NewDataset
from pomona.testing.clock import FakeClock


@dataclass(frozen=True)
class World:
    """A home folder with a clock that can be moved."""

    home: Path
    clock: FakeClock
    app: App

    def create(self, name: str = "d", **options: Any) -> None:
        """A dataset with the key ``id``."""
        self.app.data.create(NewDataset(**({"name": name, "key": ("id",)} | options)))

    def commit(self, rows: dict[int, float | None], name: str = "d", **options: Any) -> DataVersion:
        """Rows by id."""
        self.clock.advance(seconds=60)
        return self.app.data.commit(name, table(rows), **options).version

    def gc(self, name: str | None = "d", *, act: str = "drop", spare_h: float = 0, **keep: Any) -> Collected:
        """A garbage collection of young files, too."""
        wanted = DropRequest(dataset=name, keep=Keep(**keep), act=act, spare_h=spare_h)  # type: ignore[arg-type]
        return self.app.keeping.sweeper.collect(wanted)

    def stored(self, name: str = "d") -> set[str]:
        """Digests of the files that lie in a dataset's folder."""
        return set(self.app.tables.files.stored(self.app.data.dataset(name).id))

    def read(self, ref: str) -> dict[int, float | None]:
        """A version's rows by id."""
        found = self.app.data.read(ref)
        return dict(zip(found["id"].to_pylist(), found["x"].to_pylist(), strict=True))


def table(rows: dict[int, float | None]) -> pa.Table:
    """A table of ids and numbers."""
    return pa.table(
        {"id": pa.array(list(rows), pa.int64()), "x": pa.array(list(rows.values()), pa.float64())}
    )


def open_world(home: Path) -> World:
    """Open a home folder."""
    clock = FakeClock()
    return World(home, clock, open_app(home, address=home_records(), clock=clock))
