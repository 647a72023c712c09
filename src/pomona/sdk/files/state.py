"""What is known of a working folder: the version it holds, and the digest of each file by its stamp.

A small SQLite file in the user's cache folder (``POMONA_CACHE``, else ``$XDG_CACHE_HOME/pomona``, else
``~/.cache/pomona``), never in the folder itself, where training code would meet it. It may be deleted at
any time: then files are read once more, and ``status`` must be told the version.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from pomona.core.records import Record
from pomona.sdk.files.remembered import decode_stamps, state_path
from pomona.sdk.files.scanning import Stamp

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS folders (
    path TEXT PRIMARY KEY, stamps BLOB NOT NULL, digests BLOB NOT NULL, clean INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS pieces (digest BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
"""
# A file may be written twice within one tick of the file system's clock and keep its stamp: younger
# than this when it was read, its digest is not remembered.
TICK_NS = 20_000_000
Known = dict[str, tuple[Stamp, bytes]]


class Base(Record, frozen=True, kw_only=True):
    """The version a folder holds, or a part of it."""

    server: str
    version: str  # id
    ref: str  # pets@v3
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class FolderRow(Record, frozen=True, kw_only=True):
    """What is remembered of one folder."""

    stamps: bytes
    digests: bytes
    clean: bool  # it held just what the base has there

    def files(self) -> Iterator[tuple[str, Stamp, bytes]]:
        """Name, stamp and digest of each file."""
        for place, (name, stamp) in enumerate(decode_stamps(self.stamps, len(self.digests) // 32)):
            yield name, stamp, self.digests[place * 32 : place * 32 + 32]


class FolderState:
    """What is known of one folder."""

    def __init__(self, root: Path) -> None:
        self._path = Path(state_path(str(root)))

    def base(self) -> Base | None:
        """The version the folder holds, if it is known."""
        body = self._fact("base")
        with suppress(msgspec.DecodeError):
            return msgspec.json.decode(body, type=Base) if body else None
        return None

    def manifest(self) -> bytes | None:
        """The list of files of that version."""
        return self._fact("manifest")

    def folders(self) -> dict[str, FolderRow]:
        """What is remembered, by folder."""
        with self._open(write=False) as database:
            rows = database.execute("SELECT * FROM folders").fetchall() if database else []
        return {
            path: FolderRow(stamps=stamps, digests=digests, clean=bool(clean))
            for path, stamps, digests, clean in rows
        }

    def pieces(self) -> dict[bytes, bytes]:
        """By the digest of a large file, its chunks as they were encoded."""
        with self._open(write=False) as database:
            return dict(database.execute("SELECT * FROM pieces").fetchall()) if database else {}

    def keep(
        self,
        folders: Mapping[str, FolderRow],
        *,
        pieces: Iterable[tuple[bytes, bytes]] = (),
        base: Base | None = None,
        manifest: bytes | None = None,
    ) -> None:
        """Remember the folders as they are now, in place of what was known; the base only if one is given.

        A cache folder that cannot be written to is no error: then nothing is remembered.
        """
        with self._open(write=True) as database:
            if database is None:
                return
            database.execute("DELETE FROM folders")
            database.executemany(
                "INSERT INTO folders VALUES (?, ?, ?, ?)",
                [(path, row.stamps, row.digests, row.clean) for path, row in folders.items()],
            )
            database.executemany("INSERT OR REPLACE INTO pieces VALUES (?, ?)", list(pieces))
            if base is not None and manifest is not None:
                whole = b"" if base.include or base.exclude else base.ref.encode()
                facts = [("base", msgspec.json.encode(base)), ("manifest", manifest), ("whole", whole)]
                database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts)

    def _fact(self, name: str) -> bytes | None:
        with self._open(write=False) as database:
            found = (
                database.execute("SELECT body FROM facts WHERE name = ?", [name]).fetchone()
                if database
                else None
            )
        return found[0] if found else None

    @contextmanager
    def _open(self, *, write: bool) -> Iterator[Any]:
        if not write and not self._path.is_file():
            yield None
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            database = sqlite3.connect(self._path, isolation_level=None, timeout=10)
        except (OSError, sqlite3.Error):
            yield None
            return
        try:
            database.executescript(f"PRAGMA synchronous=OFF; {_SCHEMA}")
            database.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            yield database
            database.execute("COMMIT")
        except sqlite3.DatabaseError:  # damaged, full or locked: a cache is made anew, not repaired
            database.close()
            with suppress(OSError):
                self._path.unlink()
        finally:
            database.close()
