"""Use cases of uploads in parts: begin, take parts in any order, put them together or throw them away."""

import io
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec
from blake3 import blake3

from pomona.core.errors import Invalid, NotFound
from pomona.core.records import Record
from pomona.training.records.runs import ArtifactFile
from pomona.training.rules.paths import ArtifactAddress
from pomona.training.service.artifacts import ArtifactService

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_PARTS = 10_000
_CHUNK = 1 << 20
_KEPT_S = 7 * 86_400  # a part's upload that nobody ends is thrown away after so long
_HEX = frozenset("0123456789abcdef")


class UploadedPart(Record, frozen=True, kw_only=True):
    """A part of a file, as its sender names it: from 1, and the digest it was answered."""

    number: int
    digest: str


class UploadService:
    """Files that come in parts. Parts wait in a folder of their own; nothing else sees them."""

    def __init__(self, folder: Path, artifacts: ArtifactService) -> None:
        self._folder = folder
        self._artifacts = artifacts

    def begin(self, address: ArtifactAddress, parts: int) -> str:
        """Make room for a file's parts; returns the upload's id.

        Raises:
            Invalid: If it has no path, no part or too many.
            NotFound: If the run or logged model does not exist.
        """
        if not 1 <= parts <= MAX_PARTS:
            raise Invalid(f"a file comes in 1 to {MAX_PARTS} parts, not {parts}", hint="send larger parts")
        self._artifacts.check(address)
        self._sweep()
        upload = secrets.token_hex(16)
        place = self._folder / upload
        place.mkdir(parents=True, mode=0o700)
        (place / "address.json").write_bytes(msgspec.json.encode(address))
        return upload

    def take(self, upload: str, number: int, body: BinaryIO) -> str:
        """Keep one part, in place of an earlier one with its number; returns its digest.

        Raises:
            NotFound: If there is no such upload.
            Invalid: If the number is none.
        """
        place = self._place(upload)
        if not 1 <= number <= MAX_PARTS:
            raise Invalid(f"part {number} is not between 1 and {MAX_PARTS}", hint="parts count from 1")
        hasher = blake3()
        handle, name = tempfile.mkstemp(dir=place, prefix="incoming-")
        try:
            with os.fdopen(handle, "wb") as out:
                while piece := body.read(_CHUNK):
                    hasher.update(piece)
                    out.write(piece)
            digest = hasher.hexdigest()
            for before in place.glob(f"{number:05}-*"):
                before.unlink(missing_ok=True)
            Path(name).replace(place / f"{number:05}-{digest}")
        finally:
            Path(name).unlink(missing_ok=True)
        return digest

    def complete(self, upload: str, address: ArtifactAddress, parts: Sequence[UploadedPart]) -> ArtifactFile:
        """Put the parts together in the order of their numbers: the whole file appears, or nothing.

        Raises:
            NotFound: If there is no such upload.
            Invalid: If it is another file's, or a part is missing or another one than was answered.
        """
        place = self._place(upload, address)
        ordered = sorted(parts, key=lambda part: part.number)
        if [part.number for part in ordered] != list(range(1, len(ordered) + 1)):
            raise Invalid("the parts are not numbered 1, 2, 3, ...", hint="name each part once")
        paths = [place / f"{part.number:05}-{part.digest.strip(chr(34))}" for part in ordered]
        for part, path in zip(ordered, paths, strict=True):
            if path.parent != place or not path.is_file():
                raise Invalid(f"part {part.number} did not arrive as it is named", hint="send it again")
        with io.BufferedReader(_Joined(paths), _CHUNK) as whole:
            file = self._artifacts.put(address, whole)
        shutil.rmtree(place, ignore_errors=True)
        return file

    def abort(self, upload: str, address: ArtifactAddress) -> None:
        """Throw the parts away.

        Raises:
            NotFound: If there is no such upload.
        """
        shutil.rmtree(self._place(upload, address), ignore_errors=True)

    def _place(self, upload: str, address: ArtifactAddress | None = None) -> Path:
        place = self._folder / upload
        if len(upload) != 32 or not _HEX.issuperset(upload) or not place.is_dir():
            raise NotFound(f"No upload with id '{upload[:40]}'", hint="it ended, or was never begun")
        if address is not None:
            known = msgspec.json.decode((place / "address.json").read_bytes(), type=ArtifactAddress)
            if known != address:
                raise Invalid(f"the upload is for '{known.path}', not for '{address.path}'")
        return place

    def _sweep(self) -> None:
        if self._folder.is_dir():
            for place in self._folder.iterdir():
                if place.stat().st_mtime < time.time() - _KEPT_S:
                    shutil.rmtree(place, ignore_errors=True)


class _Joined(io.RawIOBase):
    """Several files read as one."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._left = list(paths)
        self._open: BinaryIO | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        while True:
            if self._open is None:
                if not self._left:
                    return 0
                self._open = self._left.pop(0).open("rb")
            count: int = self._open.readinto(buffer)  # type: ignore[attr-defined]
            if count:
                return count
            self._open.close()
            self._open = None

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
        super().close()
