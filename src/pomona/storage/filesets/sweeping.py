"""Frees contents that nothing needs: whole packs go, half-empty ones are written anew without them.

Safe to be killed: a new pack is published before the index forgets the old one, which is deleted last;
a pack that survives its own replacement holds only what nobody needs, and the next sweep takes it.
"""

import os
import tempfile
import time
from pathlib import Path
from typing import Literal

from blake3 import blake3

from pomona.core.errors import Tampered
from pomona.core.packs import PackIndex, pack_end, pack_start, read_index
from pomona.core.ports import Swept
from pomona.storage.disk import disk_errors, sync_folder
from pomona.storage.filesets.index import Index

_WORTH_KEEPING = 0.5  # a pack with a larger needed share stays as it is
Row = tuple[bytes, int, int]  # digest, offset, length


class Sweeper:
    """One sweep, under the store's lock."""

    def __init__(self, packs: Path, incoming: Path, index: Index) -> None:
        self._packs = packs
        self._incoming = incoming
        self._index = index

    def sweep(self, wanted: set[bytes], *, older_than_s: float, act: Literal["look", "sweep"]) -> Swept:
        """See ``Chunks.sweep``."""
        chunks = size = packs = rewritten = young = 0
        for path in sorted(self._packs.glob("*.pack")):
            if time.time() - path.stat().st_mtime < older_than_s:
                young += 1
                continue
            rows = self._index.of(path.stem)
            keep = [row for row in rows if row[0] in wanted]
            kept_bytes, all_bytes = sum(row[2] for row in keep), _content_bytes(path)
            if keep and kept_bytes >= _WORTH_KEEPING * all_bytes:
                continue
            chunks += len(rows) - len(keep)
            size += all_bytes - kept_bytes
            packs += 1
            rewritten += bool(keep)
            if act == "sweep":
                self._drop(path, keep)
        if act == "sweep":
            self._tidy(older_than_s)
        return Swept(
            chunks=chunks, size=size, packs=packs, rewritten=rewritten, kept_young=young, done=act == "sweep"
        )

    def _drop(self, path: Path, keep: list[Row]) -> None:
        new = self._rewritten(path, keep) if keep else None
        self._index.replace(path.stem, new)
        path.unlink()

    def _rewritten(self, path: Path, keep: list[Row]) -> PackIndex:
        digests, lengths = tuple(row[0] for row in keep), tuple(row[2] for row in keep)
        end, name = pack_end(digests, lengths)
        with disk_errors(), tempfile.NamedTemporaryFile(dir=self._incoming, delete=False) as out:
            try:
                with path.open("rb") as old:
                    out.write(pack_start())
                    for digest, offset, length in keep:
                        body = os.pread(old.fileno(), length, offset)
                        if blake3(body).digest() != digest:
                            raise Tampered(
                                f"content {digest.hex()[:12]} in pack {path.stem[:12]} changed on disk",
                                hint="restore the pack from a backup, then sweep again",
                            )
                        out.write(body)
                out.write(end)
                out.flush()
                os.fsync(out.fileno())
                Path(out.name).chmod(0o444)
                Path(out.name).replace(self._packs / f"{name}.pack")
            finally:
                Path(out.name).unlink(missing_ok=True)
            sync_folder(self._packs)
        return PackIndex(name=name, digests=digests, lengths=lengths)

    def _tidy(self, older_than_s: float) -> None:
        """Packs that were left half-written by somebody who was killed."""
        for path in self._incoming.iterdir():
            if path.name != "proof" and time.time() - path.stat().st_mtime >= max(older_than_s, 3600.0):
                path.unlink(missing_ok=True)


def _content_bytes(path: Path) -> int:
    with path.open("rb") as pack:
        return sum(read_index(pack).lengths)
