"""A body read by a thread while the event loop receives it: whole, in whatever pieces it comes."""

import asyncio
import io
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pomona.server.mlflow import bodies
from pomona.server.mlflow.bodies import BodyStream

PIECES = st.lists(st.binary(max_size=40), max_size=12)


def read(pieces: Sequence[bytes], size: int, *, lost: bool = False) -> bytes:
    """The body that comes in these pieces, read ``size`` bytes at a time in a thread."""

    async def main() -> bytes:
        waiting = list(pieces)

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0)
            if not waiting and lost:
                return {"type": "http.disconnect"}
            body = waiting.pop(0) if waiting else b""
            return {"type": "http.request", "body": body, "more_body": bool(waiting) or lost}

        stream = io.BufferedReader(BodyStream(receive, asyncio.get_running_loop()), 16)
        return await asyncio.to_thread(lambda: b"".join(iter(lambda: stream.read(size), b"")))

    return asyncio.run(main())


@given(PIECES, st.integers(1, 70), st.integers(1, 60))
def test_a_body_is_read_whole(pieces: list[bytes], size: int, gathered: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bodies, "PIECE", gathered)
        assert read(pieces, size) == b"".join(pieces)


@given(PIECES, st.integers(1, 60))
def test_a_body_that_breaks_off_is_never_taken_for_whole(pieces: list[bytes], gathered: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bodies, "PIECE", gathered)
        with pytest.raises(ConnectionError, match="went away"):
            read(pieces, 7, lost=True)


def test_the_next_piece_is_received_while_one_is_worked_on() -> None:
    asked = threading.Semaphore(0)

    async def main() -> bool:
        async def receive() -> dict[str, Any]:
            asked.release()
            return {"type": "http.request", "body": bytes(bodies.PIECE), "more_body": True}

        stream = BodyStream(receive, asyncio.get_running_loop())

        def work() -> bool:
            stream.readinto(bytearray(1))
            return asked.acquire(timeout=10) and asked.acquire(timeout=10)

        return await asyncio.to_thread(work)

    assert asyncio.run(main())
