"""Is a folder still what it was? The answer that needs no server, no list of files and few imports.

Of each folder, names and stamps are remembered in a form that can be compared as bytes, with a note
whether it held just what the version has there. If all of them fit, nothing has changed. Otherwise
``folder.status_of`` looks closer.
"""

import os
import sqlite3
from array import array

from blake3 import blake3

from pomona.sdk.files.scanning import Stamp, scan

_FIELDS = 5


def state_path(root: str) -> str:
    """The file in which this user's cache keeps what is known of a folder."""
    name = blake3(os.fsencode(os.path.realpath(root))).hexdigest()[:32]
    return f"{cache_folder()}/folders/{name}.db"


def cache_folder() -> str:
    """Where this user's caches are: ``POMONA_CACHE``, ``$XDG_CACHE_HOME/pomona`` or ``~/.cache/pomona``."""
    own = os.environ.get("POMONA_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - see above
    return own or f"{base}/pomona"


def encode_stamps(files: list[tuple[str, Stamp]]) -> bytes:
    """Names and stamps of one folder, comparable as bytes."""
    flat = [number for _, stamp in files for number in stamp]
    try:
        numbers = array("q", flat)
    except OverflowError:  # an inode of 64 bits, a time far away: then the file is read each time
        numbers = array("q", [number & 0x7FFF_FFFF_FFFF_FFFF for number in flat])
    names = "/".join([name for name, _ in files])
    return numbers.tobytes() + os.fsencode(names)


def decode_stamps(body: bytes, files: int) -> list[tuple[str, Stamp]]:
    """Names and stamps back."""
    numbers = array("q")
    numbers.frombytes(body[: files * _FIELDS * 8])
    names = os.fsdecode(body[files * _FIELDS * 8 :]).split("/") if files else []
    rows = [numbers[at : at + _FIELDS] for at in range(0, len(numbers), _FIELDS)]
    return [(name, (s[0], s[1], s[2], s[3], s[4])) for name, s in zip(names, rows, strict=True)]


def unchanged(root: str) -> tuple[str, int] | None:
    """The version the folder still holds whole, and its number of files; None if one must look closer."""
    path = state_path(root)
    if not os.path.isfile(path) or not os.path.isdir(root):  # noqa: PTH113, PTH112 - see above
        return None
    try:
        database = sqlite3.connect(path, timeout=1)
        try:
            [whole] = database.execute("SELECT body FROM facts WHERE name = 'whole'").fetchone() or [None]
            rows = database.execute("SELECT path, stamps, clean FROM folders").fetchall() if whole else []
        finally:
            database.close()
    except sqlite3.Error:
        return None
    if whole is None or not all(clean for _, _, clean in rows):
        return None
    found = scan(root)
    if found.links or found.odd or len(found.folders) != len(rows):
        return None
    for folder, stamps, _ in rows:
        files = found.folders.get(folder)
        if files is None or encode_stamps(files) != stamps:
            return None
    return bytes(whole).decode(), sum(len(files) for files in found.folders.values())
