"""Deletion vectors as the Delta protocol keeps them.

A vector file is one version byte, then per vector: its length (4 bytes, big-endian), a magic number (4
bytes, little-endian) with a portable 64-bit Roaring bitmap, and the CRC-32 of both (4 bytes, big-endian).

References:
    https://github.com/delta-io/delta/blob/master/PROTOCOL.md#deletion-vector-format
    https://github.com/RoaringBitmap/RoaringFormatSpec#extension-for-64-bit-implementations
"""

import struct
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from mmap import mmap
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap64

_VERSION = b"\x01"
_MAGIC = 1681511377
_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


@dataclass(frozen=True)
class Placed:
    """Where a vector lies in its file."""

    offset: int
    size: int
    hidden: int


def encode(hidden: Sequence[NDArray[np.uint64]]) -> tuple[bytes, list[Placed]]:
    """A vector file, and where each vector is in it."""
    parts, places, offset = [_VERSION], [], 1
    for positions in hidden:
        bitmap = BitMap64(array("Q", positions.astype(np.uint64).tobytes()))  # by its memory, not one by one
        bitmap.run_optimize()
        data = struct.pack("<I", _MAGIC) + bitmap.serialize()
        parts += [struct.pack(">I", len(data)), data, struct.pack(">I", zlib.crc32(data))]
        places.append(Placed(offset, len(data), len(bitmap)))
        offset += len(data) + 8
    return b"".join(parts), places


def decode(body: bytes | mmap, offset: int, size: int) -> NDArray[np.uint64]:
    """The sorted positions of the vector at ``offset``.

    Raises:
        ValueError: If there is no such vector, or its checksum is wrong.
    """
    (length,) = struct.unpack_from(">I", body, offset)
    data = body[offset + 4 : offset + 4 + length]
    (checksum,) = struct.unpack_from(">I", body, offset + 4 + length)
    if length != size or body[:1] != _VERSION or zlib.crc32(data) != checksum:
        raise ValueError("not a deletion vector")
    if struct.unpack_from("<I", data)[0] != _MAGIC:
        raise ValueError("an unknown kind of deletion vector")
    return np.frombuffer(BitMap64.deserialize(data[4:]).to_array(), dtype=np.uint64)


def uuid_of(digest: str) -> UUID:
    """The UUID in a vector file's name: the first half of its digest."""
    return UUID(hex=digest[:32])


def z85(raw: bytes) -> str:
    """Bytes as Z85 text, four bytes in five characters.

    >>> z85(bytes.fromhex("864fd26fb559f75b"))
    'HelloWorld'

    References:
        https://rfc.zeromq.org/spec/32/
    """
    text: list[str] = []
    for start in range(0, len(raw), 4):
        value = int.from_bytes(raw[start : start + 4], "big")
        digits = []
        for _ in range(5):
            value, digit = divmod(value, 85)
            digits.append(_Z85[digit])
        text += reversed(digits)
    return "".join(text)
