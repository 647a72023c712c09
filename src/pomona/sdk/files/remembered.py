"""Is a folder still what it was? The answer that needs no server, no list of files and few imports.

Of each folder, names and stamps are remembered in a form that can be compared as bytes, with a note
whether it held just what the version has there. If all of them fit, nothing has changed. Otherwise
``folder.status_of`` looks closer.
"""

import os
import sqlite3
from array import array
from collections.abc import Callable

from blake3 import blake3

from pomona.sdk.files.scanning import Scan, Stamp, scan, scan_top

_FIELDS = 5
_WORTH_TWO = 200_000  # bytes of stamps, some thousand files: then a second process pays


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


def unchanged(root: str, *, halves: bool = False) -> tuple[str, int] | None:
    """The version the folder still holds whole, and its number of files; None if one must look closer.

    Args:
        halves: A large folder may be looked through by two processes. For a program of one thread.
    """
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
    known: dict[str, bytes] = {folder: stamps for folder, stamps, _ in rows}
    large = sum(map(len, known.values())) > _WORTH_TWO and len(os.sched_getaffinity(0)) > 1
    found = _same_in_halves(root, known) if halves and large else _same(scan(root), known)
    return (bytes(whole).decode(), found[1]) if found is not None and found[0] == len(rows) else None


def _same(found: Scan, known: dict[str, bytes]) -> tuple[int, int] | None:
    """Number of folders and of files, if each folder that was found is what is known of it."""
    if found.links or found.odd:
        return None
    if any(known.get(folder) != encode_stamps(files) for folder, files in found.folders.items()):
        return None
    return len(found.folders), sum(len(files) for files in found.folders.values())


def _same_in_halves(root: str, known: dict[str, bytes]) -> tuple[int, int] | None:
    top, below = scan_top(root)
    at_top = _same(top, known)
    if at_top is None:
        return None
    answer = _same_elsewhere(root, below[1::2], known)
    here = _same(scan(root, below=below[0::2]), known)
    there = answer()
    if here is None or there is None:
        return None
    return at_top[0] + here[0] + there[0], at_top[1] + here[1] + there[1]


def _same_elsewhere(
    root: str, below: list[str], known: dict[str, bytes]
) -> Callable[[], tuple[int, int] | None]:
    """``_same`` in a process of its own; whatever goes wrong there is no answer, so one looks closer."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            found = _same(scan(root, below=below), known)
            if found is not None:
                os.write(writer, array("q", found).tobytes())
        finally:
            os._exit(0)
    os.close(writer)

    def answer() -> tuple[int, int] | None:
        said = os.read(reader, 16)  # so few bytes come in one piece, or the end comes
        os.close(reader)
        os.waitpid(child, 0)
        numbers = array("q")
        if len(said) != 2 * numbers.itemsize:
            return None
        numbers.frombytes(said)
        return numbers[0], numbers[1]

    return answer
