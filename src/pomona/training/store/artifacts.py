"""Which blob lies at which path below a run or a logged model."""

from typing import Any

from sqlalchemy import BigInteger, Column, String, Table, delete, or_, select

from pomona.core.errors import Conflict
from pomona.core.ports import Transaction
from pomona.sql import UtcTime, metadata, to_us
from pomona.training.records.runs import ArtifactFile
from pomona.training.store.statements import upsert

artifacts = Table(
    "artifacts",
    metadata,
    Column("root", String(64), primary_key=True),
    Column("path", String(1000), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)
_put = upsert(artifacts)


def put(tx: Transaction, root: str, path: str, *, digest: str, size: int, at: Any) -> None:
    """Keep a file, in place of one with the same path.

    Raises:
        Conflict: If a folder has that path, or a file has that of a folder above.
    """
    above = ["/".join(path.split("/")[:count]) for count in range(1, path.count("/") + 1)]
    where = or_(artifacts.c.path.in_(above), _below(path)) if above else _below(path)
    other = tx.execute(select(artifacts.c.path).where(artifacts.c.root == root, where).limit(1)).scalar()
    if other is not None:
        raise Conflict(f"{path!r} cannot be a file: {other!r} is there", hint="choose another artifact path")
    tx.execute(_put, {"root": root, "path": path, "digest": digest, "size": size, "at": to_us(at)})


def find(tx: Transaction, root: str, path: str) -> ArtifactFile | None:
    """The file at this path."""
    row = tx.execute(select(artifacts).where(artifacts.c.root == root, artifacts.c.path == path)).first()
    return None if row is None else _file(row)


def tree(tx: Transaction, root: str, folder: str = "") -> list[ArtifactFile]:
    """Every file below a folder, sorted by path."""
    query = select(artifacts).where(artifacts.c.root == root).order_by(artifacts.c.path)
    return [_file(row) for row in tx.execute(query.where(_below(folder)) if folder else query)]


def children(tx: Transaction, root: str, folder: str) -> list[ArtifactFile]:
    """Files and folders directly in a folder, sorted by path."""
    depth = folder.count("/") + 1 if folder else 0
    found: dict[str, ArtifactFile] = {}
    for file in tree(tx, root, folder):
        parts = file.path.split("/")
        path = "/".join(parts[: depth + 1])
        found.setdefault(path, file if len(parts) == depth + 1 else ArtifactFile(path=path, is_dir=True))
    return list(found.values())


def remove(tx: Transaction, root: str, path: str) -> int:
    """Drop a file, or all below a folder; returns how many. The blobs stay until nothing names them."""
    where = or_(artifacts.c.path == path, _below(path)) if path else artifacts.c.path != ""
    return int(tx.execute(delete(artifacts).where(artifacts.c.root == root, where)).rowcount)


def _below(folder: str) -> Any:
    # "0" follows "/" in the alphabet, so this is a range of the index, not a scan.
    return artifacts.c.path.between(f"{folder}/", f"{folder}0") & (artifacts.c.path != f"{folder}0")


def _file(row: Any) -> ArtifactFile:
    return ArtifactFile(path=row.path, size=row.size, digest=row.digest)
