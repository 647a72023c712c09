"""Which content lies where: a SQLite index over the packs, made anew from them whenever it is behind."""

import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pomona.core.packs import PackIndex
from pomona.core.records import Record

_AT_ONCE = 900  # SQLite's smallest limit of parameters is 999
_PLACES = "SELECT digest, name, offset, length FROM chunks JOIN packs ON packs.id = pack"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS packs (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS chunks (
    digest BLOB PRIMARY KEY, pack INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS chunks_by_pack ON chunks (pack);
"""


class Place(Record, frozen=True, kw_only=True):
    """Where a content lies."""

    pack: str
    offset: int
    length: int


class Index:
    """The index of one folder of packs. Safe between threads and between processes."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        weakref.finalize(self, self._database.close)  # whoever lets go of a store need not think of it
        self._database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + _SCHEMA)

    def packs(self) -> set[str]:
        """Names of the packs in it."""
        with self._lock:
            return {name for (name,) in self._database.execute("SELECT name FROM packs")}

    def find(self, digests: Iterable[bytes]) -> dict[bytes, Place]:
        """Those that are kept, and where."""
        wanted = list(dict.fromkeys(digests))
        found: dict[bytes, Place] = {}
        with self._lock:
            for part in _parts(wanted):
                marks = ",".join("?" * len(part))
                query = f"{_PLACES} WHERE digest IN ({marks})"
                for digest, name, offset, length in self._database.execute(query, part):
                    found[digest] = Place(pack=name, offset=offset, length=length)
        return found

    def known(self, digests: Sequence[bytes]) -> set[bytes]:
        """Those that are kept."""
        found: set[bytes] = set()
        with self._lock:
            for part in _parts(digests):
                marks = ",".join("?" * len(part))
                query = f"SELECT digest FROM chunks WHERE digest IN ({marks})"  # noqa: S608 - question marks
                found.update(digest for (digest,) in self._database.execute(query, part))
        return found

    def add(self, packs: Iterable[PackIndex]) -> int:
        """Enter packs that are on the disk; returns how many contents were new."""
        with self._change():
            before = self._database.total_changes
            entered = sum(self._enter(pack) for pack in packs)
            return self._database.total_changes - before - entered

    def of(self, pack: str) -> list[tuple[bytes, int, int]]:
        """Digest, offset and length of each content that is read from this pack."""
        query = "SELECT digest, offset, length FROM chunks WHERE pack = (SELECT id FROM packs WHERE name = ?)"
        with self._lock:
            return self._database.execute(f"{query} ORDER BY offset", [pack]).fetchall()

    def replace(self, old: str, new: PackIndex | None) -> None:
        """Forget a pack; what the new one holds is read from there from now on."""
        with self._change():
            [[number]] = self._database.execute("SELECT id FROM packs WHERE name = ?", [old]).fetchall()
            self._database.execute("DELETE FROM chunks WHERE pack = ?", [number])
            self._database.execute("DELETE FROM packs WHERE id = ?", [number])
            if new is not None:
                self._enter(new)

    def _enter(self, pack: PackIndex) -> int:
        made = self._database.execute("INSERT OR IGNORE INTO packs (name) VALUES (?)", [pack.name]).rowcount
        if not made:
            return 0
        [[number]] = self._database.execute("SELECT id FROM packs WHERE name = ?", [pack.name]).fetchall()
        rows = [(digest, number, offset, length) for digest, offset, length in pack.spans()]
        rows.sort()  # random keys in order touch each page of the tree once
        self._database.executemany("INSERT OR IGNORE INTO chunks VALUES (?, ?, ?, ?)", rows)
        return 1

    @contextmanager
    def _change(self) -> Iterator[None]:
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")


def catch_up(index: Index, present: set[str], read: Callable[[str], PackIndex]) -> None:
    """Make the index say what the disk holds: packs that it does not know yet, and those that are gone."""
    known = index.packs()
    for name in known - present:
        index.replace(name, None)
    missing = sorted(present - known)
    if missing:
        index.add(read(name) for name in missing)


def _parts(items: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (items[at : at + _AT_ONCE] for at in range(0, len(items), _AT_ONCE))
