"""Commits, rewrites, drops and erases for ever in a home folder, and keeps books of what was acknowledged."""

import json
import os
import random
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa

from pomona.app import App, open_app
from pomona.core.errors import Conflict
from pomona.data.keeping.records import DropRequest, ErasureRequest, Keep, RebaseRequest
from pomona.data.records import NewDataset
from pomona.data.tables import files
from pomona.process import is_dead_here
from pomona.worker import Housekeeper

NAMES = ("keyed", "plain")
ACTS = ("full", "append", "delta", "rebase", "gc", "erase")
VALUES = 12
Rows = dict[int, float]


def table(rows: Rows) -> pa.Table:
    """Rows by id."""
    ids, numbers = pa.array(list(rows), pa.int64()), pa.array(list(rows.values()), pa.float64())
    return pa.table({"id": ids, "x": numbers, "who": pa.array([who(x) for x in rows.values()])})


def who(x: float) -> str:
    """The name that stands in a row, easy to find in bytes."""
    return f"subject-number-{int(x):04}"


class Books:
    """What was acknowledged, one JSON object a line, each on the disk before the next thing is done."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, **entry: Any) -> None:
        """Add a line."""
        with self._path.open("a") as out:
            out.write(json.dumps(entry) + "\n")
            out.flush()
            os.fsync(out.fileno())

    def read(self) -> list[dict[str, Any]]:
        """Every whole line."""
        if not self._path.exists():
            return []
        lines = self._path.read_text().splitlines()
        return [json.loads(line) for line in lines if line.endswith("}")]


class Keeper:
    """Does one thing after another."""

    def __init__(self, home: Path, seed: int) -> None:
        self._random = random.Random(seed)
        self.books = Books(home.with_suffix(".books"))
        self.app: App = open_app(home)
        self._next_id = 0
        self._housekeeper = Housekeeper(self.app)

    def begin(self) -> None:
        """Datasets, once; jobs that a killed worker left."""
        there = {dataset.name for dataset in self.app.data.datasets().items}
        if "keyed" not in there:
            self.app.data.create(NewDataset(name="keyed", key=("id",)))
        if "plain" not in there:
            self.app.data.create(NewDataset(name="plain"))
        self.app.jobs.take_over(is_dead_here)
        self._housekeeper.settle()
        told = [int(key) for entry in self.books.read() for key in entry.get("rows", ())]
        there = [key for name in NAMES for key in self._rows(name)]  # a commit may not have come to the books
        self._next_id = 1 + max(told + there, default=0)

    def act(self) -> None:
        """One thing, told in the books when it is acknowledged."""
        name = self._random.choice(NAMES)
        what = self._random.choices(ACTS, (5, 5, 4, 3, 2, 1))[0]
        if what == "rebase" and self.app.data.versions(name):
            self.app.keeping.rebaser.start(name, RebaseRequest(threshold=0.05))
            self._housekeeper.settle()
        elif what == "gc":
            self.books.write(gc=name)
            keep = Keep(keep_last=self._random.randint(2, 6))
            self.app.keeping.sweeper.collect(DropRequest(dataset=name, keep=keep, act="drop", spare_h=0))
        elif what == "erase":
            self._erase()
        elif what in ("full", "append") or (what == "delta" and name == "keyed"):
            self._commit(name, what)

    def _commit(self, name: str, mode: str) -> None:
        before = self._rows(name)
        mode = mode if before else "full"
        rows = {self._new_id(): self._value() for _ in range(self._random.randint(5, 60))}
        if mode == "full":
            kept = {key: value for key, value in before.items() if self._random.random() > 0.05}
            changed = self._random.sample(sorted(kept), min(len(kept), 10))
            rows = kept | {key: self._value() for key in changed} | rows
        elif mode == "delta":
            rows |= {key: self._value() for key in list(before)[:5]}
        after = rows if mode == "full" else before | rows
        try:
            done = self.app.data.commit(name, table(rows), mode=mode)  # type: ignore[arg-type]
        except Conflict:
            return
        self.books.write(version=done.version.id, rows={str(key): value for key, value in after.items()})

    def _rows(self, name: str) -> Rows:
        if not self.app.data.versions(name):
            return {}
        found = self.app.data.read(name, columns=["id", "x"])
        return dict(zip(found["id"].to_pylist(), found["x"].to_pylist(), strict=True))

    def _value(self) -> float:
        return float(self._random.randrange(VALUES))

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id

    def _erase(self) -> None:
        value = who(self._random.randrange(VALUES))
        wanted = ErasureRequest(column="who", value=value, reason="drill", confirm=f"who={value}")
        try:
            self.app.keeping.eraser.start(wanted)
        except Conflict:
            return
        self._housekeeper.settle()


def main() -> None:
    """Until killed."""
    files.FILE_ROWS = 256
    keeper = Keeper(Path(sys.argv[1]), int(sys.argv[2]))
    keeper.begin()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        keeper.act()


if __name__ == "__main__":
    main()
