"""Doors to the world: small protocols that ``storage`` (and plugins) implement and ``app`` chooses.

Each door's promises are tested by one contract in ``pomona.testing``, which every implementation
inherits.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Protocol, TypeVar

from pomona.core.events import Event
from pomona.core.links import Relation
from pomona.core.records import Entry, Link, Record
from pomona.core.tables import StoredFile, TableState, Vector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")


class Clock(Protocol):
    """The current time."""

    def now(self) -> datetime:
        """Now, in UTC, timezone-aware."""
        ...


class Rows(Protocol):
    """Plain rows by the thousand, every second: nothing stands between them and the driver."""

    def insert_rows(self, into: str, rows: Sequence[tuple[Any, ...]], otherwise: str = "", /) -> None:
        """Insert rows: ``into`` ("INSERT INTO t (a, b)"), their values, ``otherwise`` on conflict."""
        ...

    def insert_groups(
        self,
        into: str,
        groups: "Sequence[tuple[tuple[Any, ...], Sequence[tuple[Any, ...]]]]",
        otherwise: str = "",
        /,
    ) -> None:
        """As ``insert_rows``; a group is the values its rows begin with, and those each row ends with."""
        ...

    def select_rows(self, select: str, values: Sequence[Any], /) -> "list[tuple[Any, ...]]":
        """What is stored for some values: ``select`` ("SELECT a, b FROM t WHERE a IN"), one value or more."""
        ...


class Transaction(Rows, Protocol):
    """One unit of work: all of it becomes durable, or nothing."""

    def execute(self, statement: Any, parameters: Any = None, /) -> Any:
        """Run one SQL expression; returns its result rows."""
        ...

    def emit(self, event: Event) -> None:
        """Append ``event`` to the ledger in this transaction, chained to the entry before."""
        ...

    def link(self, source: str, relation: Relation, target: str) -> None:
        """Join two records in the ledger; repeating a link changes nothing."""
        ...


class Database(Protocol):
    """Records that survive ``kill -9``: what ``write`` returned from is durable."""

    def submit(self, work: Callable[[Transaction], T], *, alone: bool = False) -> "Future[T]":
        """Queue ``work`` for the writer; the future is done once its transaction is durable.

        Work that raises is undone alone; others that share its commit are not touched.
        ``alone``: it is short and nobody is there to share its commit with. A database may then do it in
        the calling thread, if it expects that to take no more than a moment.
        """
        ...

    def write(self, work: Callable[[Transaction], T]) -> T:
        """``submit`` and wait."""
        ...

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` on a consistent snapshot; it must not change anything."""
        ...

    def scrub(self) -> None:
        """Leave no copy of what was deleted or replaced in the database's own files.

        Raises:
            Unavailable: If others use it without a pause.
        """
        ...

    def close(self) -> None:
        """Finish what is queued, then let go of the store."""
        ...


class Condition(Record, frozen=True, kw_only=True):
    """How a database is. ``dangers``: what threatens records or speed, each with what to do about it."""

    where: str
    dangers: dict[str, str] = {}


class Health(Protocol):
    """Looks after itself: beside ``Database``, because only the doctor asks."""

    def condition(self) -> Condition:
        """Where the records are, and what endangers them; may read everything."""
        ...


class Records(Database, Health, Protocol):
    """A database with its health."""


class Answer(Record, frozen=True, kw_only=True):
    """What a request was answered."""

    status: int
    content_type: str
    body: bytes


class Requests(Protocol):
    """Requests carried out under an ``Idempotency-Key``: a repeated one gets the first one's answer."""

    def answer(self, key: str) -> Answer | None:
        """The answer given to this key; None if nothing was carried out under it.

        Raises:
            AnswerLost: If it was carried out, but the answer was lost in a crash.
        """
        ...

    def keep(self, key: str, answer: Answer) -> None:
        """Remember the answer of a request that wrote something."""
        ...

    def forget(self, speaks_of: Callable[[str], bool]) -> int:
        """Delete answers whose text speaks of something; returns how many."""
        ...


class Ledger(Protocol):
    """What happened and how records are joined, read back."""

    def entries(
        self,
        *,
        after: int = 0,
        limit: int = 100,
        newest_first: bool = False,
        types: Sequence[str] = (),
        subject: str | None = None,
    ) -> list[Entry]:
        """Entries with ``seq > after`` (newest first: ``seq < after`` when ``after`` is given)."""
        ...

    def last_seq(self) -> int:
        """The sequence number of the newest entry; 0 when there is none."""
        ...

    def links(self, record_ids: Sequence[str]) -> list[Link]:
        """Every link that starts or ends at one of ``record_ids``."""
        ...

    def verify(self) -> int:
        """Check the whole hash chain; returns the number of entries.

        Raises:
            Tampered: Naming the first entry whose hash does not follow from the one before.
        """
        ...


class Blobs(Protocol):
    """Immutable bytes, addressed by their BLAKE3 digest (64 hex digits)."""

    def put(self, body: bytes) -> str:
        """Keep ``body``; returns its digest. Durable and whole, or not there at all."""
        ...

    def put_stream(self, stream: BinaryIO) -> tuple[str, int]:
        """Keep everything ``stream`` yields without holding it in memory; digest and size."""
        ...

    def get(self, digest: str) -> bytes:
        """The bytes, verified against their digest.

        Raises:
            NotFound: If no such blob is kept.
            Tampered: If the bytes on disk changed.
        """
        ...

    def open(self, digest: str) -> BinaryIO:
        """The bytes as a stream (verified when a reader asks ``get``, not here)."""
        ...

    def size(self, digest: str) -> int | None:
        """Bytes kept under ``digest``; None if it is not there."""
        ...


class BlobRemoval(Protocol):
    """Takes blobs away for good: beside ``Blobs``, because nothing but an erasure may."""

    def remove(self, digests: Collection[str]) -> int:
        """Delete these blobs; what is not there is no error. Returns how many were."""
        ...


class TableFiles(Protocol):
    """Immutable files of versioned tables, each in its table's own place, named by their BLAKE3 digest."""

    def put(self, table: str, body: "bytes | memoryview") -> str:
        """Keep a Parquet file of ``table``; returns its digest. Durable and whole, or not there at all."""
        ...

    def open(self, table: str, digest: str) -> BinaryIO:
        """A Parquet file, seekable, verified against its digest.

        Raises:
            NotFound: If it is not there.
            Tampered: If its bytes changed.
        """
        ...

    def verify(self, table: str, digest: str) -> None:
        """Read a file (of rows or of vectors) once more, whatever was verified before.

        Raises:
            NotFound, Tampered: As for ``open``.
        """
        ...

    def stored(self, table: str) -> Mapping[str, StoredFile]:
        """Every file of ``table`` (vector files too), by digest; also what a killed writer left behind."""
        ...

    def remove(self, table: str, digests: Collection[str], *, spare_s: float) -> set[str]:
        """Delete these files, but none that was put (once more) in the last ``spare_s`` seconds.

        Returns those that are gone. What is put meanwhile stays; what is not there is no error.
        """
        ...


class TableVectors(Protocol):
    """Which rows of a data file a version does not have."""

    def put(self, table: str, hidden: "Sequence[NDArray[np.uint64]]") -> list[Vector]:
        """Keep sorted positions of hidden rows, one array a data file; durable like the files."""
        ...

    def get(self, table: str, vector: Vector) -> "NDArray[np.uint64]":
        """The positions, sorted, verified against their digest.

        Raises:
            NotFound, Tampered: As for files.
        """
        ...


class TableLog(Protocol):
    """A table's history as other engines read it; a view of the catalogue, written after it."""

    def head(self, table: str) -> int:
        """The number of the newest entry; -1 if nothing was published."""
        ...

    def publish(
        self, table: str, states: Sequence[TableState], *, first: int, before: TableState | None
    ) -> None:
        """Write the entries ``first``, ``first + 1``, ...: each the step from the state before it.

        Writing an entry again writes the same bytes. ``first=0`` begins the whole history anew.
        """
        ...

    def where(self, table: str) -> str:
        """The table's address for other engines."""
        ...

    def plain(self, table: str, state: TableState) -> tuple[str, bytes]:
        """A history of one entry: its path in the table's folder, and its bytes.

        It asks as little of a reader as the columns allow; no row of ``state`` may be hidden.
        """
        ...


@dataclass(frozen=True)
class Tables:
    """The three doors of table storage."""

    files: TableFiles
    vectors: TableVectors
    log: TableLog


class Swept(Record, frozen=True, kw_only=True):
    """What a sweep of chunks freed, or would free."""

    chunks: int  # contents that nothing needs
    size: int  # their bytes
    packs: int  # files that go
    rewritten: int  # of those, the ones whose needed part moves to a new file
    kept_young: int  # files that are too young to be judged
    done: bool  # False: only looked at


class Chunks(Protocol):
    """Contents of at most 4 MiB, addressed by their BLAKE3 digest (32 bytes), kept many to a file."""

    def lacking(self, digests: Sequence[bytes]) -> list[bytes]:
        """Those of ``digests`` that are not kept, in their order, each once."""
        ...

    def take(self, pack: BinaryIO) -> int:
        """Keep everything in a pack (``core.packs``); returns how many contents were new.

        Every content is verified first. Durable and whole, or not there at all.

        Raises:
            Invalid: If it is no pack, or a content does not match its digest.
        """
        ...

    def read(self, digests: Sequence[bytes]) -> Iterator[bytes]:
        """The contents in the order asked for, each verified.

        Raises:
            NotFound: If one is not kept.
            Tampered: If its bytes on disk changed.
        """
        ...

    def holding(self) -> AbstractContextManager[None]:
        """While this is held nothing is swept away, by no process."""
        ...

    def sweep(
        self, wanted: Callable[[], set[bytes]], *, older_than_s: float, act: Literal["look", "sweep"]
    ) -> Swept:
        """Drop contents that are not ``wanted()`` and came at least ``older_than_s`` seconds ago.

        ``wanted`` is asked while nobody holds.
        """
        ...


class Spans(Record, frozen=True, kw_only=True):
    """Where contents lie: for each one the file (its place in ``files``), offset and length."""

    files: list[str]  # absolute paths
    file: list[int]  # -1: not kept
    offset: list[int]
    length: list[int]


class Doorstep(Record, frozen=True, kw_only=True):
    """The folder in which a caller on this machine may leave packs, and how it proves to be there.

    ``proof`` is a file in ``folder`` that only its owner can read; ``seal`` the BLAKE3 of its bytes.
    """

    folder: str
    proof: str
    seal: str


class NearbyChunks(Protocol):
    """What a store of chunks on a local disk offers to callers who may read that disk themselves."""

    def doorstep(self) -> Doorstep:
        """Where to leave packs."""
        ...

    def adopt(self, names: Sequence[str]) -> int:
        """Keep packs that lie on the doorstep, by file name; returns how many contents were new.

        Raises:
            Invalid: If one is no whole pack.
            NotFound: If one is not there.
        """
        ...

    def locate(self, digests: Sequence[bytes]) -> Spans:
        """Where to read contents; the reader verifies them."""
        ...
