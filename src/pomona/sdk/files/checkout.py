"""A version becomes a working folder: only what differs is written, nothing of the user's is overwritten."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from pomona.core.errors import Conflict
from pomona.core.records import Record
from pomona.data.filesets.manifests import Manifest, decode
from pomona.data.filesets.rules import matcher
from pomona.sdk.files.cloning import Link
from pomona.sdk.files.contents import Contents
from pomona.sdk.files.folder import Content, Folder, ordered
from pomona.sdk.files.hashing import HashedFile, hash_only
from pomona.sdk.files.progress import Report
from pomona.sdk.files.scanning import Scan
from pomona.sdk.files.state import Base
from pomona.sdk.files.writing import Writer

_SHOWN = 5


class CheckedOut(Record, frozen=True, kw_only=True):
    """What a checkout did."""

    ref: str
    written: int
    removed: int
    kept: int  # were there already
    size: int  # bytes of the files written


@dataclass
class Plan:
    """What a checkout will do.

    Attributes:
        write: Rows of the version that are not there yet.
        remove: Files of the version before that this one has not.
        kept: How many are there already.
        spoiled: Paths whose local changes would be lost.
        blocked: Files or links that stand where a folder must be.
    """

    write: list[int] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    kept: int = 0
    spoiled: list[str] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)


def checkout(
    contents: Contents,
    manifest: Manifest,
    encoded: bytes,
    base: Base,
    root: Path,
    *,
    link: Link,
    force: bool,
    progress: Report | None,
) -> CheckedOut:
    """Make ``root`` hold a version (or the part that ``base.include`` names).

    Raises:
        Conflict: If local changes would be lost, and ``force`` is not given.
        StorageFull: If the disk has no room.
    """
    root.mkdir(parents=True, exist_ok=True)
    folder = Folder(root)
    before = folder.state.base()
    held = folder.state.manifest()
    old = _part(decode(held), before) if before is not None and held is not None else {}
    rows = _rows(manifest, base)
    _read_what_matters(folder, {manifest.paths[row] for row in rows} | old.keys())
    plan = _plan(folder, manifest, rows, old, matches=matcher(base.include))
    _check_folders(root, manifest, plan)
    if not force:
        _check_lost([*plan.spoiled, *plan.blocked])
    _remove(root, [*plan.remove, *plan.blocked])
    writer = Writer(contents, manifest, root, link=link, progress=progress)
    written = writer.write(plan.write)
    again = Folder(root) if folder.holds_any() else Folder(root, scanned=_scan_of(manifest, rows, written))
    there = again.scan.files()
    again.learn({path: found for path, found in folder.known().items() if path in there} | written)
    again.remember(base=_joined(before, base), manifest=encoded)
    return CheckedOut(
        ref=base.ref,
        written=len(plan.write),
        removed=len(plan.remove),
        kept=plan.kept,
        size=sum(manifest.sizes[row] for row in plan.write),
    )


def _scan_of(manifest: Manifest, rows: Sequence[int], written: dict[str, HashedFile]) -> Scan:
    """What lies in a folder that held no file before; whatever came meanwhile is seen the next time."""
    stamps = {path: found.stamp for path, found in written.items()}
    return Scan.of(
        stamps,
        {path: manifest.targets[path] for row in rows if (path := manifest.paths[row]) in manifest.targets},
    )


def _check_lost(paths: Sequence[str]) -> None:
    if paths:
        raise Conflict(
            f"{len(paths)} files here have changes that would be lost: {', '.join(paths[:_SHOWN])}"
            + (" ..." if len(paths) > _SHOWN else ""),
            hint="add them first (`pomona files add`), or give them up with --force",
            extra={"paths": list(paths[:1000])},
        )


def _joined(before: Base | None, now: Base) -> Base:
    """What the folder holds now: a part that is added to another part of one version joins it."""
    if before is None or before.version != now.version or not now.include:
        return now
    both = (*before.include, *now.include) if before.include else ()
    return msgspec.structs.replace(before, include=tuple(dict.fromkeys(both)))


def _rows(manifest: Manifest, base: Base) -> list[int]:
    if not base.include:
        return list(range(len(manifest)))
    matches = matcher(base.include)
    return [row for row, path in enumerate(manifest.paths) if matches(path)]


def _part(manifest: Manifest, base: Base) -> dict[str, Content]:
    matches = matcher(base.include)
    return {path: (mode, digest) for path, mode, _, digest in manifest.rows() if matches(path)}


def _read_what_matters(folder: Folder, paths: set[str]) -> None:
    folder.learn({path: hash_only(folder.root, path) for path, _ in folder.unread() if path in paths})


def _plan(
    folder: Folder,
    manifest: Manifest,
    rows: Sequence[int],
    old: dict[str, Content],
    *,
    matches: Callable[[str], bool],
) -> Plan:
    plan = Plan()
    present = folder.contents()
    there = folder.scan.files().keys() | folder.scan.links.keys() | set(folder.scan.odd)
    target = set()
    for row in rows:
        path = manifest.paths[row]
        target.add(path)
        if present.get(path) == (manifest.modes[row], manifest.digests[row]):
            plan.kept += 1
            continue
        plan.write.append(row)
        if path in there and (path not in old or present.get(path) != old[path]):
            plan.spoiled.append(path)
    for path in ordered(old.keys() - target):
        if path in there and matches(path):
            plan.remove.append(path)
            if present.get(path) != old[path]:
                plan.spoiled.append(path)
    parents = {parent for row in plan.write for parent in _parents(manifest.paths[row])}
    plan.blocked = [path for path in ordered(parents & there) if path not in plan.remove]
    return plan


def _parents(path: str) -> list[str]:
    found = []
    folder = path.rpartition("/")[0]
    while folder:
        found.append(folder)
        folder = folder.rpartition("/")[0]
    return found


def _check_folders(root: Path, manifest: Manifest, plan: Plan) -> None:
    """A folder that stands where a file must be is never removed."""
    going = set(plan.remove)
    holds: dict[str, frozenset[str]] = {}  # by folder, the folders in it: few, where the files are many
    for row in plan.write:
        folder, _, name = manifest.paths[row].rpartition("/")
        if folder not in holds:
            holds[folder] = _folders_in(root / folder)
        if name in holds[folder] and not _will_be_empty(root, root / folder / name, going):
            raise Conflict(
                f"{manifest.paths[row]!r} is a folder here and a file there", hint="move the folder away"
            )


def _folders_in(place: Path) -> frozenset[str]:
    try:
        with os.scandir(place) as entries:
            return frozenset(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()


def _will_be_empty(root: Path, folder: Path, going: set[str]) -> bool:
    return all(
        str((Path(place) / name).relative_to(root)) in going
        for place, _, names in os.walk(folder)
        for name in names
    )


def _remove(root: Path, paths: Sequence[str]) -> None:
    folders = set()
    for path in paths:
        (root / path).unlink(missing_ok=True)
        folders.update(_parents(path))
    for folder in sorted(folders, key=len, reverse=True):  # the innermost first
        place = root / folder
        if place.is_dir() and not place.is_symlink() and not any(place.iterdir()):
            place.rmdir()
