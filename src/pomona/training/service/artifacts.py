"""Use cases of artifacts: put, list, read and delete files below a run or a logged model."""

from typing import BinaryIO

from pomona.core.errors import Invalid, NotFound
from pomona.core.ports import Blobs, Clock, Database, Transaction
from pomona.training.records.runs import ArtifactFile
from pomona.training.records.studies import ArtifactTable
from pomona.training.rules import tables
from pomona.training.rules.paths import SHARED, ArtifactAddress
from pomona.training.store import artifacts, logged_models, runs


class ArtifactService:
    """Files by (root, path); their bytes are blobs, stored once whoever logs them."""

    def __init__(self, database: Database, blobs: Blobs, clock: Clock) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock

    def put(self, address: ArtifactAddress, body: BinaryIO) -> ArtifactFile:
        """Keep a file, hashing it on the way; an earlier one at the path is replaced.

        Raises:
            NotFound: If the run or logged model does not exist; nothing is stored.
            Conflict: If the path is a folder already.
            StorageFull: If the disk takes no more.
        """
        self.check(address)
        digest, size = self._blobs.put_stream(body)
        at = self._clock.now()

        def keep(tx: Transaction) -> None:
            artifacts.put(tx, address.root, address.path, digest=digest, size=size, at=at)

        self._database.write(keep)
        return ArtifactFile(path=address.path, size=size, digest=digest)

    def check(self, address: ArtifactAddress) -> None:
        """Refuse an address where no file can be put.

        Raises:
            Invalid: If it names no file.
            NotFound: If the run or logged model does not exist.
        """
        if not address.path:
            raise Invalid("an artifact needs a path", hint="name the file below the run")
        self._database.read(lambda tx: _check_root(tx, address.root))

    def file(self, address: ArtifactAddress) -> ArtifactFile:
        """The file at an address.

        Raises:
            NotFound: If there is none.
        """
        found = self._database.read(lambda tx: artifacts.find(tx, address.root, address.path))
        if found is None:
            raise NotFound(f"No such artifact: '{address.path}'", hint="list the folder above it")
        return found

    def open(self, file: ArtifactFile) -> BinaryIO:
        """The file's bytes as a stream."""
        return self._blobs.open(str(file.digest))

    def read(self, address: ArtifactAddress) -> bytes:
        """A file's bytes, verified.

        Raises:
            NotFound: If there is no such file.
            Tampered: If its bytes changed on disk.
        """
        return self._blobs.get(str(self.file(address).digest))

    def first_rows(self, address: ArtifactAddress, *, limit: int = 200) -> ArtifactTable:
        """The first rows of a file that is a table, at most 1,000.

        Raises:
            NotFound: If there is no such file.
            Invalid: If it is no table, or too large to be looked into here.
        """
        if (self.file(address).size or 0) > tables.MOST_BYTES:
            raise Invalid(f"{address.path!r} is too large for a preview", hint="download it")
        return tables.first_rows(address.path, self.read(address), max(1, min(limit, 1_000)))

    def children(self, address: ArtifactAddress) -> list[ArtifactFile]:
        """Files and folders directly in a folder; none for a file or a path that is not there."""
        return self._database.read(lambda tx: artifacts.children(tx, address.root, address.path))

    def tree(self, root: str, folder: str = "") -> list[ArtifactFile]:
        """Every file below a folder."""
        return self._database.read(lambda tx: artifacts.tree(tx, root, folder))

    def delete(self, address: ArtifactAddress) -> None:
        """Drop a file, or everything below a folder."""
        self._database.write(lambda tx: artifacts.remove(tx, address.root, address.path))


def _check_root(tx: Transaction, root: str) -> None:
    if root == SHARED:
        return
    if root.startswith("m-"):
        logged_models.get(tx, root)
    else:
        runs.active(tx, root)
