"""The prediction journal: append-only segments of checked frames, shared by gateway and fold.

A segment is the 8 bytes ``POMONAJ1`` and then frames: payload length and CRC-32 (both little-endian
uint32), payload (one ``JournalRow`` as a MessagePack array). A reader takes whole frames from the front
and stops at the first that is not whole: what was cut off by a crash was never acknowledged.
"""

import logging
import zlib
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import Any

import msgspec

MAGIC = b"POMONAJ1"
SUFFIX = ".journal"
MAX_FRAME = 16 << 20
_HEAD = Struct("<II")

log = logging.getLogger("pomona.serving")


class JournalRow(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One answered row as it stands on disk; times are microseconds since 1970."""

    id: str
    key: str | None
    request: str
    endpoint: str
    release: str
    revision: str
    model_version: str
    arm: str
    probabilities: dict[str, float]
    unit: str
    input: dict[str, Any]
    output: Any
    decision: bool | None
    at_us: int
    answered_us: int
    failure: str | None = None
    took_us: int | None = None  # from the whole request to the model's answer; segments of old have none


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(JournalRow)


def frame(payload: bytes) -> bytes:
    """``payload`` with its length and checksum in front."""
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload


def frame_of(row: JournalRow) -> bytes:
    """One row as it is appended to a segment."""
    return frame(_encoder.encode(row))


def payloads(buffer: bytes, offset: int = 0) -> Iterator[tuple[bytes, int]]:
    """Whole frames of ``buffer`` from ``offset`` on, each with the offset behind it.

    Stops silently at the first frame that is cut off, empty (zeros of a lost write) or damaged.
    """
    end = len(buffer)
    while offset + _HEAD.size <= end:
        length, checksum = _HEAD.unpack_from(buffer, offset)
        start, behind = offset + _HEAD.size, offset + _HEAD.size + length
        if not 0 < length <= MAX_FRAME or behind > end:
            return
        payload = buffer[start:behind]
        if zlib.crc32(payload) != checksum:
            return
        yield payload, behind
        offset = behind


def row_of(payload: bytes) -> JournalRow:
    """The row in a frame's payload.

    Raises:
        msgspec.ValidationError: If it was written by something else.
    """
    return _decoder.decode(payload)


def segments(folder: Path) -> list[Path]:
    """A journal's segments, oldest first: names begin with the milliseconds of their opening."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def read_rows(segment: Path, offset: int, *, limit: int) -> tuple[list[JournalRow], int]:
    """At most ``limit`` whole rows from ``offset`` (0: the front), and the offset behind them."""
    rows: list[JournalRow] = []
    with segment.open("rb") as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            return rows, 0
        offset = max(offset, len(MAGIC))
        wanted = 1 << 20
        while len(rows) < limit:
            stream.seek(offset)
            buffer = stream.read(wanted)
            behind = 0
            for payload, end in payloads(buffer):
                behind = end
                try:
                    rows.append(row_of(payload))
                except msgspec.MsgspecError as error:  # whole, yet not ours: one such row must not stop all
                    log.warning("journal segment %s: a frame is no prediction: %s", segment.name, error)
                if len(rows) == limit:
                    break
            offset += behind
            if behind:
                continue
            if len(buffer) < wanted or wanted > MAX_FRAME:
                break
            wanted <<= 2  # a frame larger than the read
    return rows, offset


def whole_length(segment: Path) -> int:
    """Bytes of a segment up to the end of its last whole frame; 0 if not even the front is whole."""
    offset = 0
    while True:
        rows, behind = read_rows(segment, offset, limit=4096)
        if not rows:
            return behind
        offset = behind
