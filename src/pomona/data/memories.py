"""What a profile was made from, kept beside a dataset: the next version's is carried on from it.

A profile says how many different values a column has, but not which: to take values away again more
has to be known. It is kept for the newest version only, in a file that may be lost at any time; then all
rows are looked at once more.
"""

import secrets
from pathlib import Path

import msgspec
import polars as pl

from pomona.core.records import Record

MEMORIES = "profiles"  # the folder, beside what is spooled


class KeptColumn(Record, frozen=True, kw_only=True):
    """What is known of a column beyond its profile."""

    hashes: bytes  # of its values, the smallest; little-endian, 8 bytes each
    times: bytes  # how often each is there
    bound: int | None  # hashes above it are not kept
    counted: bool  # whether values are hashed at all
    words: dict[str, int]
    peak: float  # the largest sum of squares since all rows were read: rounding is relative to it


class Memory(Record, frozen=True, kw_only=True):
    """What is known of a version's rows beyond its profile."""

    columns: dict[str, KeptColumn]
    comoments: tuple[bytes, ...]
    moved: int = 0  # rows that came or went since all were read
    profile: str = ""  # digest of the profile this belongs to
    library: str = pl.__version__  # another one may hash values in another way


class Memories:
    """One file a dataset.

    Args:
        folder: Where they are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, dataset: str, profile: str) -> Memory | None:
        """What belongs to this profile of the dataset, if it is still known."""
        try:
            found = msgspec.msgpack.decode(self._path(dataset).read_bytes(), type=Memory)
        except (OSError, msgspec.MsgspecError):
            return None
        return found if (found.profile, found.library) == (profile, pl.__version__) else None

    def put(self, dataset: str, memory: Memory) -> None:
        """Keep it instead of the last one; where that fails, nothing is known."""
        path = self._path(dataset)
        part = path.with_suffix(f".{secrets.token_hex(8)}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part.write_bytes(msgspec.msgpack.encode(memory))
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)

    def forget(self, dataset: str) -> None:
        """Nothing of the dataset's values stays."""
        for path in self._folder.glob(f"{dataset}.*"):
            path.unlink(missing_ok=True)

    def _path(self, dataset: str) -> Path:
        return self._folder / f"{dataset}.memory"
