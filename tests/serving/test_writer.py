"""The writer of the journal: done means durable, groups form by themselves, a full disk harms nobody."""

import asyncio
import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.serving.planned import journal_row

from pomona.core.errors import Conflict, Overloaded, StorageFull, Unavailable
from pomona.serving.gateway.writer import JournalWriter
from pomona.serving.journal import frame_of, read_rows, segments
from pomona.testing.clock import FakeClock

ROWS = [journal_row(number) for number in range(200)]


class Disk:
    """A sync that can be held up or made to fail, and counts."""

    def __init__(self) -> None:
        self.syncs = 0
        self.free = threading.Event()
        self.free.set()
        self.error: int | None = None

    def sync(self, handle: int) -> None:
        self.free.wait(10)
        self.syncs += 1
        if self.error is not None:
            raise OSError(self.error, os.strerror(self.error))


def rows_in(folder: Path) -> list[str]:
    return [row.id for path in segments(folder) for row in read_rows(path, 0, limit=10_000)[0]]


def writing(folder: Path, work: Callable, **options) -> None:
    writer = JournalWriter(folder, options.pop("clock", FakeClock()), **options)
    try:
        asyncio.run(work(writer))
    finally:
        writer.close()


def test_what_was_awaited_is_in_the_file(tmp_path: Path) -> None:
    async def work(writer: JournalWriter) -> None:
        for row in ROWS[:20]:
            await writer.append([frame_of(row)])
            assert rows_in(tmp_path)[-1] == row.id

    writing(tmp_path, work)


def test_rows_that_come_during_a_sync_share_the_next_one(tmp_path: Path) -> None:
    disk = Disk()

    async def work(writer: JournalWriter) -> None:
        await writer.append([frame_of(ROWS[0])])
        disk.free.clear()
        waiting = [writer.append([frame_of(row)]) for row in ROWS[1:]]
        disk.free.set()
        await asyncio.gather(*waiting)
        assert disk.syncs <= 5  # the segment's front, the first row, and at most three groups

    writing(tmp_path, work, sync=disk.sync)
    assert rows_in(tmp_path) == [row.id for row in ROWS]


def test_a_full_disk_refuses_the_row_and_the_journal_goes_on_later(tmp_path: Path) -> None:
    disk = Disk()

    async def work(writer: JournalWriter) -> None:
        await writer.append([frame_of(ROWS[0])])
        disk.error = errno.ENOSPC
        with pytest.raises(StorageFull):
            await writer.append([frame_of(ROWS[1])])
        disk.error = None
        await writer.append([frame_of(ROWS[2])])

    writing(tmp_path, work, sync=disk.sync)
    assert rows_in(tmp_path) == [ROWS[0].id, ROWS[2].id]


def test_more_than_may_wait_is_refused_at_once(tmp_path: Path) -> None:
    disk = Disk()

    async def work(writer: JournalWriter) -> None:
        await writer.append([frame_of(ROWS[0])])
        disk.free.clear()
        waiting = [writer.append([frame_of(row)]) for row in ROWS[1:10]]
        with pytest.raises(Overloaded):
            writer.append([frame_of(row) for row in ROWS[10:]])
        disk.free.set()
        await asyncio.gather(*waiting)

    writing(tmp_path, work, sync=disk.sync, pending_bytes=5_000)


def test_segments_turn_by_size_and_by_age(tmp_path: Path) -> None:
    clock = FakeClock()

    async def work(writer: JournalWriter) -> None:
        for row in ROWS[:50]:
            await writer.append([frame_of(row)])
            clock.advance(seconds=0.01)
        by_size = len(segments(tmp_path))
        assert by_size > 3
        clock.advance(seconds=3600)
        await writer.append([frame_of(ROWS[50])])
        assert len(segments(tmp_path)) == by_size + 1

    writing(tmp_path, work, clock=clock, segment_bytes=2_000, segment_s=600.0)
    assert rows_in(tmp_path) == [row.id for row in ROWS[:51]]


def test_a_torn_tail_is_cut_at_the_next_start(tmp_path: Path) -> None:
    async def one(writer: JournalWriter) -> None:
        await writer.append([frame_of(ROWS[0])])

    async def two(writer: JournalWriter) -> None:
        assert writer.cut_bytes == 20
        await writer.append([frame_of(ROWS[1])])

    writing(tmp_path, one)
    with segments(tmp_path)[0].open("ab") as out:
        out.write(frame_of(ROWS[1])[:20])
    clock = FakeClock()
    clock.advance(seconds=5)
    writing(tmp_path, two, clock=clock)
    assert rows_in(tmp_path) == [ROWS[0].id, ROWS[1].id]


def test_a_journal_has_one_writer(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, FakeClock())
    with pytest.raises(Conflict, match="another gateway"):
        JournalWriter(tmp_path, FakeClock())
    writer.close()
    JournalWriter(tmp_path, FakeClock()).close()


def test_a_closed_journal_takes_nothing(tmp_path: Path) -> None:
    async def work(writer: JournalWriter) -> None:
        writer.close()
        with pytest.raises(Unavailable):
            writer.append([frame_of(ROWS[0])])

    writing(tmp_path, work)
