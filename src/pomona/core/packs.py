"""A pack: how many small contents travel and are kept as one file.

Layout: magic, the contents one after the other, then the index (digests, then lengths), then a trailer
(count, BLAKE3 of the index, end magic). The index stands at the end, so a pack is written in one pass
and taken into a catalogue with one read. A pack is named by the digest of its index: the same contents
in the same order are the same pack, and one that was cut off has no trailer and is no pack.
"""

import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import BinaryIO

from blake3 import blake3

from pomona.core.errors import Invalid
from pomona.core.records import Record

DIGEST_BYTES = 32
PACK_BYTES = 64 << 20  # a pack is closed when it has grown to this
CONTENT_BYTES = 4 << 20  # the largest content of a pack; larger files are cut into chunks
_START, _END = b"PMNPACK1", b"PMNINDX1"
_TRAILER = struct.Struct("<Q32s8s")
_ROW_BYTES = DIGEST_BYTES + 4
_MOST = 4 << 20  # contents of one pack; an index above that is nonsense


class PackIndex(Record, frozen=True, kw_only=True):
    """What a pack holds, in its order. ``name`` is the BLAKE3 of the index, 64 hex digits."""

    name: str
    digests: tuple[bytes, ...]
    lengths: tuple[int, ...]

    def spans(self) -> Iterator[tuple[bytes, int, int]]:
        """Digest, offset and length of each content."""
        offsets = accumulate(self.lengths, initial=len(_START))
        return zip(self.digests, offsets, self.lengths, strict=False)


def pack_start() -> bytes:
    """The first bytes of every pack."""
    return _START


def pack_end(digests: Sequence[bytes], lengths: Sequence[int]) -> tuple[bytes, str]:
    """The last bytes of a pack with these contents (index and trailer), and the pack's name."""
    index = b"".join(digests) + _column(array("I", lengths)).tobytes()
    root = blake3(index).digest()
    return index + _TRAILER.pack(len(digests), root, _END), root.hex()


def read_index(pack: BinaryIO) -> PackIndex:
    """The index of a pack.

    Raises:
        Invalid: If it is no whole pack: cut off, damaged, or something else altogether.
    """
    size = pack.seek(0, 2)
    if size < len(_START) + _TRAILER.size:
        raise _no_pack("it is too short")
    pack.seek(0)
    start = pack.read(len(_START))
    pack.seek(size - _TRAILER.size)
    count, root, end = _TRAILER.unpack(pack.read(_TRAILER.size))
    index_at = size - _TRAILER.size - count * _ROW_BYTES
    if start != _START or end != _END or count > _MOST or index_at < len(_START):
        raise _no_pack("its first or last bytes are not those of a pack")
    pack.seek(index_at)
    index = pack.read(count * _ROW_BYTES)
    if blake3(index).digest() != root:
        raise _no_pack("its index does not match its digest")
    digests, lengths = _columns(index, count)
    if len(_START) + sum(lengths) != index_at or any(length > CONTENT_BYTES for length in lengths):
        raise _no_pack("the lengths in its index do not add up")
    return PackIndex(name=root.hex(), digests=digests, lengths=lengths)


def split_digests(body: bytes) -> list[bytes]:
    """Digests that came one after the other, 32 bytes each.

    Raises:
        Invalid: If the bytes are no whole number of digests.
    """
    if len(body) % DIGEST_BYTES:
        raise Invalid(f"{len(body)} bytes are no list of digests", hint="32 bytes each, nothing between")
    return [body[at : at + DIGEST_BYTES] for at in range(0, len(body), DIGEST_BYTES)]


def _columns(index: bytes, count: int) -> tuple[tuple[bytes, ...], tuple[int, ...]]:
    lengths = array("I")
    lengths.frombytes(index[count * DIGEST_BYTES :])
    return tuple(split_digests(index[: count * DIGEST_BYTES])), tuple(_column(lengths))


def _column(lengths: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        lengths.byteswap()
    return lengths


def _no_pack(why: str) -> Invalid:
    return Invalid(f"this is not a whole pack: {why}", hint="send it again; nothing of it was kept")
