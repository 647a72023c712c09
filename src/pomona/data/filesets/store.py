"""File sets and their versions in SQL."""

from sqlalchemy import Column, Index, Integer, String

from pomona.core.ports import Transaction
from pomona.data.filesets.records import FileSet, FileSetVersion
from pomona.sql import RecordTable

file_sets = RecordTable(
    "file_sets",
    FileSet,
    Column("name", String(200), nullable=False, unique=True),
    what="file set",
    hint="`pomona files ls` lists them",
)
versions = RecordTable(
    "file_set_versions",
    FileSetVersion,
    Column("file_set_id", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Index("file_set_versions_by_number", "file_set_id", "number", unique=True),
    Index("file_set_versions_by_digest", "digest"),
    what="version of a file set",
    hint="`pomona files versions FILE_SET` lists them",
)


def newest(tx: Transaction, file_set_id: str) -> FileSetVersion | None:
    """The version with the highest number."""
    return versions.first(tx, versions.c.file_set_id == file_set_id, order_by=[versions.c.number.desc()])


def numbered(tx: Transaction, file_set_id: str, number: int) -> FileSetVersion | None:
    """The version with this number."""
    return versions.first(tx, versions.c.file_set_id == file_set_id, versions.c.number == number)


def by_digest(tx: Transaction, file_set_id: str, prefix: str) -> list[FileSetVersion]:
    """Versions whose digest begins with ``prefix``, newest first; at most two are looked for."""
    where = (versions.c.file_set_id == file_set_id, versions.c.digest.startswith(prefix, autoescape=True))
    return versions.all(tx, *where, order_by=[versions.c.number.desc()], limit=2)


def of(tx: Transaction, file_set_id: str) -> list[FileSetVersion]:
    """Every version of a set, newest first."""
    return versions.all(tx, versions.c.file_set_id == file_set_id, order_by=[versions.c.number.desc()])
