"""What every Chunks implementation promises, and one in memory.

Inherit the contract and provide a ``chunks`` fixture.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from typing import BinaryIO, Literal

import pytest
from blake3 import blake3

from pomona.core.errors import Invalid, NotFound
from pomona.core.packs import CONTENT_BYTES, pack_end, pack_start, read_index
from pomona.core.ports import Chunks, Swept


def digest_of(body: bytes) -> bytes:
    """BLAKE3, 32 bytes."""
    return blake3(body).digest()


def pack_of(*bodies: bytes) -> BytesIO:
    """A pack with these contents."""
    end, _ = pack_end([digest_of(body) for body in bodies], [len(body) for body in bodies])
    return BytesIO(pack_start() + b"".join(bodies) + end)


class MemoryChunks:
    """Chunks in a dict; nothing is ever too young to be swept."""

    def __init__(self) -> None:
        self._kept: dict[bytes, bytes] = {}

    def lacking(self, digests: Sequence[bytes]) -> list[bytes]:
        return [digest for digest in dict.fromkeys(digests) if digest not in self._kept]

    def take(self, pack: BinaryIO) -> int:
        found = {}
        for digest, offset, length in read_index(pack).spans():
            pack.seek(offset)
            found[digest] = pack.read(length)
            if digest_of(found[digest]) != digest:
                raise Invalid("a content does not match its digest", hint="send the pack again")
        new = len(found.keys() - self._kept.keys())
        self._kept |= found
        return new

    def read(self, digests: Sequence[bytes]) -> Iterator[bytes]:
        for digest in digests:
            if digest not in self._kept:
                raise NotFound(f"no content {digest.hex()[:12]}", hint="send it first")
            yield self._kept[digest]

    def holding(self) -> AbstractContextManager[None]:
        return nullcontext()

    def sweep(
        self, wanted: Callable[[], set[bytes]], *, older_than_s: float, act: Literal["look", "sweep"]
    ) -> Swept:
        needed = wanted()
        gone = [digest for digest in self._kept if digest not in needed]
        size = sum(len(self._kept[digest]) for digest in gone)
        if act == "sweep":
            for digest in gone:
                del self._kept[digest]
        done = act == "sweep"
        return Swept(chunks=len(gone), size=size, packs=len(gone), rewritten=0, kept_young=0, done=done)


class ChunksContract:
    """Contents of at most 4 MiB, addressed by their BLAKE3 digest, kept many to a file."""

    def test_what_was_taken_can_be_read_in_any_order(self, chunks: Chunks) -> None:
        assert chunks.take(pack_of(b"pear", b"fig", b"")) == 3
        asked = [digest_of(b"fig"), digest_of(b""), digest_of(b"pear"), digest_of(b"fig")]
        assert list(chunks.read(asked)) == [b"fig", b"", b"pear", b"fig"]

    def test_lacking_names_each_unknown_once_in_order(self, chunks: Chunks) -> None:
        chunks.take(pack_of(b"pear"))
        a, b = digest_of(b"a"), digest_of(b"b")
        assert chunks.lacking([b, digest_of(b"pear"), a, b]) == [b, a]
        assert chunks.lacking([]) == []

    def test_many_are_asked_for_at_once(self, chunks: Chunks) -> None:
        bodies = [b"%d" % number for number in range(3000)]
        chunks.take(pack_of(*bodies))
        digests = [digest_of(body) for body in bodies]
        assert chunks.lacking([*digests, digest_of(b"x")]) == [digest_of(b"x")]
        assert list(chunks.read(digests)) == bodies

    def test_taking_twice_keeps_one(self, chunks: Chunks) -> None:
        assert (chunks.take(pack_of(b"pear")), chunks.take(pack_of(b"pear"))) == (1, 0)
        assert chunks.take(pack_of(b"pear", b"fig")) == 1
        assert list(chunks.read([digest_of(b"pear")])) == [b"pear"]

    def test_a_damaged_pack_is_refused_whole(self, chunks: Chunks) -> None:
        whole = pack_of(b"pear", b"fig").getvalue()
        for bad in (
            b"",
            whole[:-1],
            whole[1:],
            whole.replace(b"fig", b"fog"),
            whole[:40],
            b"x" * 100,
            pack_start() + b"x" * (CONTENT_BYTES + 1) + pack_end([digest_of(b"x")], [CONTENT_BYTES + 1])[0],
        ):
            with pytest.raises(Invalid) as caught:
                chunks.take(BytesIO(bad))
            assert caught.value.hint
        assert len(chunks.lacking([digest_of(b"pear"), digest_of(b"fig")])) == 2

    def test_an_unknown_content_is_not_found(self, chunks: Chunks) -> None:
        with pytest.raises(NotFound):
            list(chunks.read([digest_of(b"none")]))

    def test_a_sweep_keeps_what_is_wanted_and_a_look_changes_nothing(self, chunks: Chunks) -> None:
        chunks.take(pack_of(b"keep", b"drop" * 100))
        chunks.take(pack_of(b"gone"))
        keep, drop, gone = digest_of(b"keep"), digest_of(b"drop" * 100), digest_of(b"gone")
        seen = chunks.sweep(lambda: {keep}, older_than_s=0, act="look")
        assert (seen.chunks, seen.done, chunks.lacking([keep, drop, gone])) == (2, False, [])
        done = chunks.sweep(lambda: {keep}, older_than_s=0, act="sweep")
        assert (done.chunks, done.size, done.done) == (2, seen.size, True)
        assert chunks.lacking([keep, drop, gone]) == [drop, gone]
        assert list(chunks.read([keep])) == [b"keep"]
        assert chunks.take(pack_of(b"gone")) == 1

    def test_holding_may_be_nested_and_shared(self, chunks: Chunks) -> None:
        with chunks.holding(), chunks.holding():
            assert chunks.take(pack_of(b"pear")) == 1
