"""What in a model's files runs code when it is loaded, looked for through archives and compression."""

import bz2
import lzma
import posixpath
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from io import BufferedReader, BytesIO
from typing import Any, BinaryIO

from pomona.registry.outside.pickles import Pickle
from pomona.registry.records import Code

_DEEPEST = 3  # archives in archives
_MEMBERS = 10_000
_HEAD = 4 << 20  # of a compressed stream so much is looked at
_MOST_NESTED = 256 << 20  # bytes of an archive inside an archive
_CODE = (".py", ".ipynb", ".so", ".pyc", ".pyd", ".egg", ".zip", ".whl")
_NAMES = (".pkl", ".pickle", ".joblib", ".cloudpickle", ".dill")
_UNREAD = {b"\x04\x22\x4d\x18": "LZ4", b"\x28\xb5\x2f\xfd": "Zstandard", b"7z\xbc\xaf": "7z"}
_OBJECTS = re.compile(rb"'descr'[^\n]*O")  # a NumPy array of Python objects is a pickle


def code_in(path: str, stream: BinaryIO) -> list[Code]:
    """The pickles in one file (of an archive: in its members). ``stream`` can seek.

    What cannot be looked into is listed as ``unreadable``: who hides something does not say what.
    """
    return list(_look(path, stream, 0))


def python_in(paths: Iterable[str], flavors: dict[str, dict[str, Any]]) -> list[Code]:
    """The Python files that a model's flavors have imported when it is loaded."""
    folders = [
        posixpath.normpath(str(config[key])).strip("/")
        for config in flavors.values()
        for key in ("code", "model_code_path", "code_path")
        if isinstance(config.get(key), str) and config[key]
    ]
    return [
        Code(path=path, kind="python")
        for path in paths
        if path in folders or (path.endswith(_CODE) and any(_is_below(path, folder) for folder in folders))
    ]


def _is_below(path: str, folder: str) -> bool:
    return folder == "." or path.startswith(f"{folder}/")


def _look(path: str, stream: BinaryIO, depth: int) -> Iterator[Code]:
    head = stream.read(512)
    stream.seek(0)
    if not head:
        return
    known = next((name for magic, name in _UNREAD.items() if head.startswith(magic)), None)
    if known is not None:
        yield Code(path=path, kind="unreadable", imports=(f"compressed with {known}",))
        return
    pickle = Pickle(stream)
    if pickle.found or path.endswith(_NAMES):
        yield Code(path=path, kind="pickle", imports=tuple(pickle.imports))
        return
    stream.seek(0)
    if head.startswith(b"\x93NUMPY"):
        if _OBJECTS.search(head):
            yield Code(path=path, kind="pickle", imports=("a NumPy array of objects",))
        return
    yield from _inside(path, stream, head, depth)


def _inside(path: str, stream: BinaryIO, head: bytes, depth: int) -> Iterator[Code]:
    packed = _unpacked(stream, head)
    if packed is not None:
        if not packed and stream.seek(0, 2) > _HEAD:
            yield Code(path=path, kind="unreadable", imports=("empty streams, and what comes after them",))
        yield from _nested(path, packed, depth)
        return
    stream.seek(0)
    try:
        if zipfile.is_zipfile(stream):
            stream.seek(0)
            yield from _zip(path, stream, depth)
        elif _is_tar(stream, head):
            stream.seek(0)
            yield from _tar(path, stream, depth)
    except (zipfile.BadZipFile, tarfile.TarError, RuntimeError, EOFError, ValueError):
        yield Code(path=path, kind="unreadable", imports=("an archive that is damaged or encrypted",))


def _zip(path: str, stream: BinaryIO, depth: int) -> Iterator[Code]:
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        if len(members) > _MEMBERS:
            yield Code(path=path, kind="unreadable", imports=(f"{len(members):,} members",))
            return
        for member in members:
            if not member.is_dir():
                yield from _member(
                    f"{path}!{member.filename}", member.file_size, partial(archive.open, member), depth
                )


def _tar(path: str, stream: BinaryIO, depth: int) -> Iterator[Code]:
    with tarfile.open(fileobj=stream, mode="r:") as archive:
        for number, member in enumerate(archive):
            if number >= _MEMBERS:
                yield Code(path=path, kind="unreadable", imports=("too many members",))
                return
            if member.isfile():
                yield from _member(
                    f"{path}!{member.name}", member.size, partial(archive.extractfile, member), depth
                )


def _member(path: str, size: int, opened: Callable[[], Any], depth: int) -> Iterator[Code]:
    """The start of a member tells whether it is a pickle; only an archive has to be read whole."""
    with opened() as member:
        head = member.read(min(size, _HEAD))
    if size <= _HEAD:
        yield from _nested(path, head, depth)
        return
    found = list(_nested(path, head, depth, whole=False))
    if found or not _is_archive(head):
        yield from found
    elif size > _MOST_NESTED:
        yield Code(path=path, kind="unreadable", imports=("an archive too large to be looked into",))
    else:
        with opened() as member:
            yield from _nested(path, member.read(), depth)


def _nested(path: str, body: bytes, depth: int, *, whole: bool = True) -> Iterator[Code]:
    if depth >= _DEEPEST:
        yield Code(path=path, kind="unreadable", imports=("archives in archives, too deep",))
    elif whole or not _is_archive(body):
        yield from _look(path, BufferedReader(BytesIO(body)), depth + 1)


def _unpacked(stream: BinaryIO, head: bytes) -> bytes | None:
    """The start of what a compressed stream holds; None if it is not compressed."""
    stream.seek(0)
    packed = stream.read(_HEAD)
    try:
        if head.startswith(b"\x1f\x8b"):
            return _joined(packed, lambda: zlib.decompressobj(zlib.MAX_WBITS | 16))
        if head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0:
            return zlib.decompressobj().decompress(packed, _HEAD)
        if head.startswith(b"BZh"):
            return _joined(packed, bz2.BZ2Decompressor)
        if head.startswith((b"\xfd7zXZ\x00", b"\x5d\x00\x00")):
            return _joined(packed, lzma.LZMADecompressor)
    except (zlib.error, OSError, lzma.LZMAError, ValueError, EOFError):
        return None  # it only began like one
    return None


def _joined(packed: bytes, decompressor: Callable[[], Any]) -> bytes:
    """The start of streams one behind the other, which those who read them take for one."""
    found = b""
    while packed and len(found) < _HEAD:
        one = decompressor()
        try:
            found += one.decompress(packed, _HEAD - len(found))
        except (zlib.error, OSError, lzma.LZMAError, ValueError, EOFError):
            if found:  # whatever follows the last stream is none
                return found
            raise
        packed = one.unused_data.lstrip(b"\x00")
    return found


def _is_archive(head: bytes) -> bool:
    return head.startswith(b"PK") or head[257:262] == b"ustar"


def _is_tar(stream: BinaryIO, head: bytes) -> bool:
    stream.seek(0)
    return len(head) == 512 and tarfile.is_tarfile(stream)
