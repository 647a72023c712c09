"""Chunks in packs on a disk: ``packs/<name>.pack``, written beside and renamed, never changed after.

A pack is complete under its name or not there at all. The index may be lost at any time: it is made
again from the packs' own indexes. A lock file lets many hold and one sweep.
"""

import fcntl
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Literal

from blake3 import blake3

from pomona.core.errors import Invalid, NotFound, Tampered
from pomona.core.packs import PackIndex, read_index
from pomona.core.ports import Doorstep, Spans, Swept
from pomona.storage.disk import disk_errors, sync_folder
from pomona.storage.filesets.index import Index, Place, catch_up
from pomona.storage.filesets.sweeping import Sweeper

_LEFT = re.compile(r"[0-9a-z-]{1,80}\.pack")
_PROOF = "proof"


class PackStore:
    """The chunks below one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._packs = root / "packs"
        self._incoming = root / "incoming"

    @cached_property
    def _index(self) -> Index:
        self._packs.mkdir(parents=True, exist_ok=True)
        self._incoming.mkdir(mode=0o700, exist_ok=True)
        index = Index(self._root / "index.db")
        catch_up(index, self._present(), self._read_index)
        return index

    def lacking(self, digests: Sequence[bytes]) -> list[bytes]:
        known = self._index.known(digests)
        return [digest for digest in dict.fromkeys(digests) if digest not in known]

    def take(self, pack: BinaryIO) -> int:
        with self._own_copy(pack) as copy:
            with copy.open("rb") as stream:
                found = read_index(stream)
                _verify(stream, found)
            return self._publish([(copy, found)])

    def adopt(self, names: Sequence[str]) -> int:
        _ = self._index  # makes the folders
        left = [self._left(name) for name in dict.fromkeys(names)]
        return self._publish([(path, _index_of(path)) for path in left])

    def read(self, digests: Sequence[bytes]) -> Iterator[bytes]:
        with ExitStack() as opened:
            files: dict[str, BinaryIO] = {}
            places = self._find(digests)
            for digest in digests:
                place = places[digest]
                if place.pack not in files:
                    files[place.pack] = opened.enter_context(self._open(digest, place))
                yield _read(files[place.pack], digest, place)

    def locate(self, digests: Sequence[bytes]) -> Spans:
        places = self._index.find(digests)
        names = sorted({place.pack for place in places.values()})
        numbers = {name: number for number, name in enumerate(names)}
        rows = [
            (numbers[place.pack], place.offset, place.length) if (place := places.get(digest)) else (-1, 0, 0)
            for digest in digests
        ]
        return Spans(
            files=[str(self._path(name)) for name in names],
            file=[row[0] for row in rows],
            offset=[row[1] for row in rows],
            length=[row[2] for row in rows],
        )

    def doorstep(self) -> Doorstep:
        _ = self._index  # makes the folders
        proof = self._incoming / _PROOF
        with suppress(FileExistsError):
            handle = os.open(proof, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as out:
                out.write(secrets.token_hex(32))
        seal = blake3(proof.read_bytes()).hexdigest()
        return Doorstep(folder=str(self._incoming), proof=_PROOF, seal=seal)

    @contextmanager
    def holding(self) -> Iterator[None]:
        with self._locked(fcntl.LOCK_SH):
            yield

    def sweep(
        self, wanted: Callable[[], set[bytes]], *, older_than_s: float, act: Literal["look", "sweep"]
    ) -> Swept:
        with self._locked(fcntl.LOCK_EX):
            catch_up(self._index, self._present(), self._read_index)
            sweeper = Sweeper(self._packs, self._incoming, self._index)
            return sweeper.sweep(wanted(), older_than_s=older_than_s, act=act)

    def _find(self, digests: Sequence[bytes]) -> dict[bytes, Place]:
        places = self._index.find(digests)
        for digest in digests:
            if digest not in places:
                raise NotFound(
                    f"no content {digest.hex()[:12]}", hint="`pomona files verify` shows which files are hit"
                )
        return places

    def _open(self, digest: bytes, place: Place) -> BinaryIO:
        try:
            return self._path(place.pack).open("rb")
        except FileNotFoundError:  # a sweep has moved it since it was looked up
            again = self._find([digest])[digest]
            if again.pack == place.pack:
                raise Tampered(
                    f"the pack {place.pack[:12]} is gone", hint="restore it from a backup"
                ) from None
            raise NotFound(f"content {digest.hex()[:12]} was just moved", hint="try again") from None

    def _publish(self, packs: Sequence[tuple[Path, PackIndex]]) -> int:
        with disk_errors():
            for path, _ in packs:
                with path.open("rb") as stream:
                    os.fsync(stream.fileno())
            for path, found in packs:
                path.chmod(0o444)
                path.replace(self._path(found.name))
            sync_folder(self._packs)
        return self._index.add(found for _, found in packs)

    @contextmanager
    def _own_copy(self, pack: BinaryIO) -> Iterator[Path]:
        _ = self._index
        with disk_errors(), tempfile.NamedTemporaryFile(dir=self._incoming, delete=False) as copy:
            path = Path(copy.name)
            try:
                shutil.copyfileobj(pack, copy, 1 << 20)
                copy.flush()
                yield path
            finally:
                path.unlink(missing_ok=True)

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        self._root.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, kind)
            yield
        finally:
            os.close(handle)

    def _left(self, name: str) -> Path:
        path = self._incoming / name
        if not _LEFT.fullmatch(name) or path.is_symlink():
            raise Invalid(
                f"{name[:80]!r} is no name of a pack", hint="digits, lower-case letters, then .pack"
            )
        if not path.is_file():
            raise NotFound(f"no pack {name} lies there", hint="write it, then say its name")
        return path

    def _present(self) -> set[str]:
        return {path.stem for path in self._packs.glob("*.pack")}

    def _read_index(self, name: str) -> PackIndex:
        return _index_of(self._path(name))

    def _path(self, name: str) -> Path:
        return self._packs / f"{name}.pack"


def _index_of(path: Path) -> PackIndex:
    with path.open("rb") as stream:
        return read_index(stream)


def _verify(stream: BinaryIO, found: PackIndex) -> None:
    for digest, offset, length in found.spans():
        stream.seek(offset)
        if blake3(stream.read(length)).digest() != digest:
            raise Invalid(
                f"a content does not match its digest {digest.hex()[:12]}",
                hint="send the pack again; nothing of it was kept",
            )


def _read(stream: BinaryIO, digest: bytes, place: Place) -> bytes:
    body = os.pread(stream.fileno(), place.length, place.offset)
    if blake3(body).digest() != digest:
        raise Tampered(
            f"content {digest.hex()[:12]} does not match its digest",
            hint=f"the pack {place.pack[:12]} on disk changed; restore it from a backup",
        )
    return body
