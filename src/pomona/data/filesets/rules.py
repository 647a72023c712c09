"""What a file set, a path, a link, a list of files and a pattern must be; how two versions differ."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from pomona.core.errors import Invalid, NotFound, Refused
from pomona.core.packs import CONTENT_BYTES, split_digests
from pomona.data.filesets.manifests import MODES, Manifest
from pomona.data.filesets.names import OWN_FOLDERS
from pomona.data.filesets.records import (
    FileChange,
    FileSetVersion,
    KindCount,
    MediaKind,
    NewFileSet,
)
from pomona.data.references import Ref
from pomona.data.rules import NAME

_PATH_BYTES, _NAME_BYTES = 4096, 255  # what Linux takes
_LINK = MODES.index("link")
# Control characters, and those that turn the direction of text round so that a name looks like another.
_HOSTILE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_PLAIN = re.compile(r"(?:(?!\.)[\w. ()@+,=-]{1,80}/)*(?!\.)[\w. ()@+,=-]{1,80}", re.ASCII)
_ENDS: dict[MediaKind, frozenset[str]] = {
    "image": frozenset({"jpg", "jpeg", "png", "gif", "webp", "bmp", "tif", "tiff", "svg", "avif", "ico"}),
    "text": frozenset(
        {"txt", "md", "csv", "tsv", "json", "jsonl", "yaml", "yml", "xml", "html", "log", "srt"}
    ),
    "audio": frozenset({"wav", "mp3", "flac", "ogg", "opus", "m4a", "aac", "aiff"}),
}


def check_file_set(new: NewFileSet) -> None:
    """Refuse a file set whose name cannot be used.

    Raises:
        Invalid: With the form a name has.
    """
    if not NAME.fullmatch(new.name):
        raise Invalid(
            f"{new.name!r} is no name of a file set",
            hint="lower-case letters, digits and . _ -, with one optional project before it: `vision/pets`",
            extra={"field": "name"},
        )


def check_path(path: str) -> None:
    """Refuse a path that could leave the folder, hide, or look like another one.

    Raises:
        Invalid: Saying what is wrong with it.
    """
    if _PLAIN.fullmatch(path) and not path.endswith((" ", ".")) and len(path) < _NAME_BYTES:
        return  # the usual kind, without looking closer
    fault = path_fault(path)
    if fault is not None:
        raise Invalid(f"the path {path[:200]!r} {fault}", hint="rename the file, or leave it out")


def path_fault(path: str) -> str | None:
    """What is wrong with a path; None for a good one."""
    if not path:
        return "is empty"
    if path.startswith("/"):
        return "is absolute"
    if _HOSTILE.search(path):
        return "holds a character that is not text (control, direction or half a character)"
    if len(path.encode()) >= _PATH_BYTES:
        return "is longer than 4095 bytes"
    for name in path.split("/"):
        if name in ("", ".", ".."):
            return f"has the part {name!r}"
        if len(name.encode()) > _NAME_BYTES:
            return f"has a name of more than {_NAME_BYTES} bytes"
        if _folded(name) in OWN_FOLDERS:
            return f"leads into {name!r}, which is another tool's own folder"
    return None


def _folded(name: str) -> str:
    """A name as the most forgiving file system would read it."""
    visible = "".join(c for c in name if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFKC", visible).casefold().rstrip(". ")


def check_link(path: str, target: str) -> None:
    """Refuse a link that leaves the set.

    Raises:
        Invalid: If its target is absolute or lies outside.
    """
    depth = path.count("/")
    fault = "is absolute" if target.startswith("/") else None
    if not target or _HOSTILE.search(target) or len(target.encode()) >= _PATH_BYTES:
        fault = "is no path"
    went_down = False
    for name in target.split("/"):
        if name == "..":
            depth -= 1
            if depth < 0 or went_down:  # `link/..` is not where it seems to be
                fault = "lies outside of the set, or may"
        elif name not in ("", "."):
            went_down = True
    if fault:
        raise Invalid(
            f"{path!r} is a link whose target {target[:100]!r} {fault}",
            hint="a link inside the set is kept as a link; copy the file here, or leave it out (--exclude)",
        )


def check_manifest(manifest: Manifest, *, allow_empty: bool) -> None:
    """Refuse a list of files that could not be checked out as it stands, or would do harm.

    Raises:
        Invalid: Naming the path and what is wrong.
    """
    if not manifest.paths and not allow_empty:
        raise Invalid(
            "there is no file in it, or none that fits its pattern",
            hint="look at folder and pattern; if no files is right, say so: allow_empty (--allow-empty)",
        )
    for path in manifest.paths:
        check_path(path)
    _check_order(manifest.paths)
    _check_tree(manifest)
    _check_rows(manifest)
    seen: dict[str, str] = {}
    for path in manifest.paths:
        if not path.isascii():
            other = seen.setdefault(unicodedata.normalize("NFC", path), path)
            if other != path:
                raise Invalid(
                    f"{path!r} and {other!r} look the same: one letter is written in two ways",
                    hint="rename one of them",
                )


def _check_order(paths: Sequence[str]) -> None:
    keys = [path.encode() for path in paths]
    for one, other in pairwise(keys):
        if one >= other:
            raise Invalid(
                f"the path {other.decode()!r} is there twice or out of order", hint="sort by UTF-8 bytes"
            )


def _check_tree(manifest: Manifest) -> None:
    """No file may be a folder of another one; so nothing is ever written through a link."""
    place = manifest.place
    folders: set[str] = set()
    for path in manifest.paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            if folder in place:
                raise Invalid(f"{folder!r} is a file and the folder of {path!r}", hint="rename one of them")
            folders.add(folder)
            folder = folder.rpartition("/")[0]


def _check_rows(manifest: Manifest) -> None:
    if any(mode >= len(MODES) for mode in manifest.modes) or any(size < 0 for size in manifest.sizes):
        raise Invalid("a file has an unknown mode or a negative size", hint="use a client of this version")
    links = {path for path, mode, _, _ in manifest.rows() if mode == _LINK}
    if links != set(manifest.targets):
        raise Invalid("the links and their targets do not fit", hint="each link has one target")
    for path, target in manifest.targets.items():
        check_link(path, target)
    for path, mode, size, digest in manifest.rows():
        pieces = manifest.pieces.get(digest)
        if mode == _LINK:
            continue
        if pieces is None and size > CONTENT_BYTES:
            raise Invalid(f"{path!r} is large and lists no chunks", hint="above 4 MiB a file is cut")
        if pieces is not None and sum(pieces.lengths) != size:
            raise Invalid(f"the chunks of {path!r} do not add up to its size", hint="add it again")


def missing_contents(names: Sequence[str]) -> Refused:
    """Why a version is not made: contents it needs were not sent."""
    return Refused(
        f"{len(names)} contents of these files are not here",
        hint="send them first; `pomona files add` does, so try it again",
        extra={"lacking": list(names[:1000])},
    )


def check_not_dropped(version: FileSetVersion) -> None:
    """Refuse to read a version whose files were dropped.

    Raises:
        NotFound: Saying when and by whom.
    """
    if version.dropped_at is not None:
        raise NotFound(
            f"the files of {version.file_set}@v{version.number} were dropped on "
            f"{version.dropped_at:%Y-%m-%d} by {version.dropped_by}",
            hint="its record stays, so that what was trained on it can be told; add the files again",
        )


def check_droppable(version: FileSetVersion, pins: Sequence[str]) -> None:
    """Refuse to drop what a run names.

    Raises:
        Refused: Naming the runs.
    """
    if pins:
        raise Refused(
            f"{version.file_set}@v{version.number} is pinned by {', '.join(pins[:5])}",
            hint="a version that something was trained or measured on stays",
            extra={"pins": list(pins)},
        )


def parse_ref(ref: str) -> Ref:
    """Take ``fsv_...``, ``pets``, ``pets@latest``, ``pets@v3`` or ``pets@<digest>`` apart.

    Raises:
        Invalid: If it is none of these.
    """
    if ref.startswith("fsv_"):
        return Ref(version_id=ref)
    name, _, at = ref.partition("@")
    if not NAME.fullmatch(name):
        raise Invalid(f"{ref[:200]!r} names no file set", hint="write `pets`, `pets@v3` or `fsv_...`")
    if at in ("", "latest", "newest"):
        return Ref(dataset=name, word="newest")
    if number := re.fullmatch(r"v?([0-9]{1,9})", at):
        return Ref(dataset=name, number=int(number[1]))
    digest = at.removeprefix("b3:")
    if re.fullmatch(r"[0-9a-f]{6,64}", digest):
        return Ref(dataset=name, digest=digest)
    raise Invalid(
        f"{at[:100]!r} is no version of {name!r}",
        hint="after the @ stands v3, latest, or at least 6 digits of a digest",
    )


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> "re.Pattern[str]":
    clean = pattern.strip("/")
    if not clean or len(pattern) > 1000:
        raise Invalid(f"{pattern[:100]!r} is no pattern", hint="e.g. '*.jpg', 'cats/**', 'train/*/img_0*'")
    anywhere = "(?:.*/)?" if "/" not in clean else ""
    found, at = "", 0
    while at < len(clean):
        if clean.startswith("**/", at):
            found, at = found + "(?:.*/)?", at + 3
        elif clean.startswith("**", at):
            found, at = found + ".*", at + 2
        else:
            found += {"*": "[^/]*", "?": "[^/]"}.get(clean[at], re.escape(clean[at]))
            at += 1
    return re.compile(f"{anywhere}{found}(?:/.*)?", re.DOTALL)


def matcher(patterns: Iterable[str], *, none_means: bool = True) -> Callable[[str], bool]:
    """Whether a path matches one of the patterns; without patterns, what ``none_means`` says.

    ``*`` and ``?`` stop at a slash, ``**`` does not; a pattern without a slash matches at any depth; one
    that names a folder matches what is below it.

    >>> is_cat = matcher(["cats", "*.jpg"])
    >>> is_cat("cats/a.png"), is_cat("dogs/a.jpg"), is_cat("dogs/a.png")
    (True, True, False)
    """
    found = [_pattern(pattern) for pattern in patterns]
    if not found:
        return lambda _: none_means
    return lambda path: any(pattern.fullmatch(path) for pattern in found)


def kind_of_file(path: str) -> MediaKind:
    """Image, text, audio or other, by the end of the name."""
    end = path.rpartition(".")[2].lower()
    return next((kind for kind, ends in _ENDS.items() if end in ends), "other")


def count_kinds(manifest: Manifest) -> tuple[KindCount, ...]:
    """Files and bytes of each kind, the largest first."""
    counted: dict[MediaKind, list[int]] = {}
    for path, _, size, _ in manifest.rows():
        seen = counted.setdefault(kind_of_file(path), [0, 0])
        seen[0] += 1
        seen[1] += size
    found = [KindCount(kind=kind, files=files, size=size) for kind, (files, size) in counted.items()]
    return tuple(sorted(found, key=lambda count: (-count.size, count.kind)))


def changes(old: Manifest, new: Manifest) -> list[FileChange]:
    """Every path at which two versions differ in content or mode, in the order of the paths."""
    before, after = old.place, new.place
    found = []
    for path in sorted(before.keys() | after.keys(), key=str.encode):
        a, b = before.get(path), after.get(path)
        if a is None and b is not None:
            found.append(FileChange(path=path, change="added", new=new.entry(b)))
        elif b is None and a is not None:
            found.append(FileChange(path=path, change="removed", old=old.entry(a)))
        elif a is not None and b is not None:
            same = old.digests[a] == new.digests[b] and old.modes[a] == new.modes[b]
            if not same:
                found.append(FileChange(path=path, change="changed", old=old.entry(a), new=new.entry(b)))
    return found


def count_changes(old: Manifest, new: Manifest) -> tuple[int, int, int, int]:
    """Files added, removed and changed, and the bytes of contents that the old version has not."""
    added = changed = size_new = 0
    before, held = old.place, set(old.digests)
    for path, mode, size, digest in new.rows():
        row = before.get(path)
        if row is None:
            added += 1
        elif (old.modes[row], old.digests[row]) != (mode, digest):
            changed += 1
        if digest not in held and mode != _LINK:
            held.add(digest)
            size_new += _bytes_new(old, new, digest, size)
    removed = len(old) + added - len(new)
    return added, removed, changed, size_new


def _bytes_new(old: Manifest, new: Manifest, digest: bytes, size: int) -> int:
    pieces = new.pieces.get(digest)
    if pieces is None or not old.pieces:
        return size
    known = set().union(*(split_digests(found.digests) for found in old.pieces.values()))
    cut = zip(split_digests(pieces.digests), pieces.lengths, strict=True)
    return sum(length for piece, length in cut if piece not in known)
