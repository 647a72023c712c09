"""Writes files of a version into a folder, in several threads; each is whole under its name or not there."""

import errno
import os
import secrets
import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from blake3 import blake3

from pomona.core.errors import Conflict, StorageFull
from pomona.core.packs import CONTENT_BYTES
from pomona.data.filesets.manifests import Manifest
from pomona.sdk.files.cloning import CLONE_BYTES, Link, can_clone, check_hardlinks, clone
from pomona.sdk.files.contents import Contents
from pomona.sdk.files.hashing import HashedFile
from pomona.sdk.files.placing import Placed, Placing, write_all
from pomona.sdk.files.progress import Counter, Report
from pomona.sdk.files.reading import Located, Moved, read_rows
from pomona.sdk.files.scanning import EXECUTABLE, LINK, STAGE, Stamp, stamp_of

_BATCH_BYTES = 8 << 20
_BATCH = 512
_SPARE_BYTES = 16 << 20  # left free for what a file system keeps beside the bytes


class Writer:
    """One checkout's writing.

    Args:
        link: ``auto`` clones large files where the file system shares blocks, and copies the rest;
            ``hardlink`` links every file to one kept beside the packs, which must not be edited.
    """

    def __init__(
        self, contents: Contents, manifest: Manifest, root: Path, *, link: Link, progress: Report | None
    ) -> None:
        self._contents = contents
        self._manifest = manifest
        self._root = root
        self._progress = progress
        self._shelf = self._choose_shelf(link)
        self._shelf_from = 0 if link == "hardlink" else CLONE_BYTES
        self._hard = link == "hardlink"
        self._stage = root / f"{STAGE}{secrets.token_hex(8)}"
        self._stop = threading.Event()

    def write(self, rows: Sequence[int]) -> dict[str, HashedFile]:
        """Write these files; returns their stamps, by path.

        Raises:
            StorageFull: If they do not fit.
            Tampered: If a content is no longer what it was; files written before it stay.
        """
        manifest = self._manifest
        self._clear_stages()
        if not rows:
            return {}
        files = [row for row in rows if manifest.modes[row] != LINK]
        self._check_room(sum(manifest.sizes[row] for row in files))
        counter = Counter(self._progress, files=len(files), size=sum(manifest.sizes[row] for row in files))
        self._make_folders(rows)
        self._stage.mkdir(mode=0o700)
        try:
            with Placing(self._stage) as placing:
                written = self._write_files(files, placing, counter)
            for row in rows:
                if manifest.modes[row] == LINK:
                    self._write_link(row)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _full(self._root) from error
            raise
        finally:
            shutil.rmtree(self._stage, ignore_errors=True)
        return written

    def _write_files(self, rows: Sequence[int], placing: Placing, counter: Counter) -> dict[str, HashedFile]:
        written: dict[str, HashedFile] = {}
        here = Located(self._contents, self._manifest, rows)
        with ThreadPoolExecutor(_threads(), thread_name_prefix="pomona-checkout") as pool:
            parts = _parts(self._manifest, rows)
            work = [pool.submit(self._write, part, here, placing, counter) for part in parts]
            for done in work:
                try:
                    written.update(done.result())
                except BaseException:
                    self._stop.set()
                    raise
        return written

    def _write(
        self, rows: Sequence[int], here: Located, placing: Placing, counter: Counter
    ) -> dict[str, HashedFile]:
        shelved = [row for row in rows if self._shelf and self._manifest.sizes[row] >= self._shelf_from]
        plain = [row for row in rows if row not in set(shelved)] if shelved else rows
        found = {row: self._from_shelf(row) for row in shelved}
        try:
            self._copy(plain, here, placing, found)
        except Moved:  # a sweep moved a pack since we asked: ask once more where the rest lies
            left = [row for row in plain if row not in found]
            self._copy(left, Located(self._contents, self._manifest, left), placing, found)
        counter.add(len(rows), sum(self._manifest.sizes[row] for row in rows))
        manifest = self._manifest
        return {
            manifest.paths[row]: HashedFile(manifest.digests[row], stamp, None)
            for row, stamp in found.items()
        }

    def _copy(self, rows: Sequence[int], here: Located, placing: Placing, found: dict[int, Stamp]) -> None:
        manifest, start = self._manifest, f"{self._root}/"
        file: Placed | None = None
        try:
            for row, last, body in read_rows(self._contents, manifest, rows, here):
                if self._stop.is_set():
                    return
                if file is None:
                    file = placing.start(start + manifest.paths[row], _mode(manifest, row))
                file.write(body)
                if last:
                    found[row] = file.finish()
                    file = None
        finally:
            if file is not None:
                file.discard()

    def _from_shelf(self, row: int) -> Stamp:
        assert self._shelf is not None  # noqa: S101 - for the type checker
        kept = self._shelved(self._shelf, row)
        place = f"{self._stage}/{secrets.token_hex(8)}"
        if self._hard:
            os.link(kept, place)
        elif not clone(kept, place, _mode(self._manifest, row)):
            shutil.copyfile(kept, place)
        path = f"{self._root}/{self._manifest.paths[row]}"
        os.replace(place, path)  # noqa: PTH105 - twenty thousand times
        return stamp_of(os.lstat(path))

    def _shelved(self, shelf: Path, row: int) -> Path:
        """The whole file beside the packs, made if it is not there or was changed."""
        executable = self._manifest.modes[row] == EXECUTABLE
        digest = self._manifest.digests[row]
        kept = shelf / (digest.hex() + ("x" if executable else ""))
        if kept.is_file() and _digest_of(kept) == digest:
            return kept
        made = shelf / secrets.token_hex(8)
        try:
            with made.open("xb", buffering=0) as out:
                for _, _, body in read_rows(self._contents, self._manifest, [row]):
                    write_all(out.fileno(), body)
            made.chmod(0o555 if executable else 0o444)
            made.replace(kept)
        finally:
            made.unlink(missing_ok=True)
        return kept

    def _write_link(self, row: int) -> None:
        path = self._manifest.paths[row]
        place = f"{self._stage}/{secrets.token_hex(8)}"
        os.symlink(self._manifest.targets[path], place)  # noqa: PTH211 - its target is kept as it stands
        os.replace(place, f"{self._root}/{path}")  # noqa: PTH105

    def _make_folders(self, rows: Sequence[int]) -> None:
        made = set()
        for row in rows:
            folder = self._manifest.paths[row].rpartition("/")[0]
            if folder and folder not in made:
                made.add(folder)
                self._make_folder(folder)
        self._check_case(rows)

    def _make_folder(self, folder: str) -> None:
        place = self._root
        for name in folder.split("/"):
            place = place / name
            if place.is_symlink() or (place.exists() and not place.is_dir()):
                raise Conflict(f"{place} stands where a folder must be", hint="move it away")
            place.mkdir(exist_ok=True)

    def _check_case(self, rows: Sequence[int]) -> None:
        """On a file system that does not tell a from A, two such files would become one."""
        folded: dict[str, str] = {}
        for row in rows:
            path = self._manifest.paths[row]
            other = folded.setdefault(path.casefold(), path)
            if other != path and not self._tells_case():
                raise Conflict(
                    f"{other!r} and {path!r} are one name on this disk", hint="check out on another disk"
                )

    def _tells_case(self) -> bool:
        probe = self._root / f".pomona-case-{secrets.token_hex(8)}"
        probe.touch()
        try:
            return not probe.with_name(probe.name.upper()).exists()
        finally:
            probe.unlink()

    def _check_room(self, size: int) -> None:
        if shutil.disk_usage(self._root).free < size + _SPARE_BYTES:
            raise _full(self._root)

    def _clear_stages(self) -> None:
        for left in self._root.glob(f"{STAGE}*"):
            shutil.rmtree(left, ignore_errors=True)

    def _choose_shelf(self, link: Link) -> Path | None:
        step = self._contents.doorstep() if link != "copy" else None
        shelf = Path(step.folder).parent / "files" if step else None
        if link == "hardlink":
            return check_hardlinks(shelf, self._root)
        if shelf is None:
            return None
        shelf.mkdir(parents=True, exist_ok=True)
        return shelf if can_clone(shelf, self._root) else None


def _parts(manifest: Manifest, rows: Sequence[int]) -> Iterator[list[int]]:
    """Large files alone and first, small ones many together."""
    part: list[int] = []
    held = 0
    for row in sorted(rows, key=lambda row: manifest.sizes[row] <= CONTENT_BYTES):
        size = manifest.sizes[row]
        if part and (held + size > _BATCH_BYTES or len(part) >= _BATCH):
            yield part
            part, held = [], 0
        part.append(row)
        held += size
    if part:
        yield part


def _mode(manifest: Manifest, row: int) -> int:
    return 0o777 if manifest.modes[row] == EXECUTABLE else 0o666


def _digest_of(path: Path) -> bytes:
    return blake3().update_mmap(path).digest() if path.stat().st_size else blake3().digest()


def _full(root: Path) -> StorageFull:
    return StorageFull(
        f"the disk of {root} has no room for these files", hint="free some space, or check out a part"
    )


def _threads() -> int:
    return max(2, min(8, len(os.sched_getaffinity(0))))
