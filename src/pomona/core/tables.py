"""A versioned table as its files tell it: what the catalogue keeps, and what table storage needs to know."""

from datetime import datetime

from pomona.core.records import Record


class Vector(Record, frozen=True, kw_only=True):
    """Rows of one data file that a version does not have: a bitmap inside a vector file.

    Attributes:
        digest: BLAKE3 of the vector file, which may hold the vectors of several data files.
        offset: Bytes before this bitmap's length field.
        size: Bytes of the bitmap.
        hidden: How many rows it hides.
    """

    digest: str
    offset: int
    size: int
    hidden: int


class DataFile(Record, frozen=True, kw_only=True):
    """A Parquet file of a version, named by its BLAKE3 digest, and which of its rows are hidden there."""

    digest: str
    size: int
    rows: int  # in the file, hidden ones too
    vector: Vector | None = None
    since: datetime | None = None  # earliest and latest value of the time column
    until: datetime | None = None

    @property
    def live(self) -> int:
        """Rows that the version has of this file."""
        return self.rows - (self.vector.hidden if self.vector else 0)


class StoredFile(Record, frozen=True, kw_only=True):
    """A file as the disk or the object store has it."""

    size: int
    put_at: datetime  # when it was written, or put once more


class TableState(Record, frozen=True, kw_only=True):
    """What a table holds at one entry of its log."""

    files: tuple[DataFile, ...]
    schema: bytes  # of the files' columns, as an Arrow IPC message
    at: datetime
    operation: str  # what led here, e.g. `full v3`
