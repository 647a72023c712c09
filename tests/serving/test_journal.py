"""What a journal segment promises: whole frames survive any crash, and nothing else is believed."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.serving.planned import journal_row, write_segment

from pomona.serving.gateway.writer import cut_torn_tails
from pomona.serving.journal import MAGIC, JournalRow, frame, frame_of, payloads, read_rows, whole_length

ROWS = [journal_row(number, input={"text": "x" * (number * 7 % 50)}) for number in range(12)]


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    path = write_segment(tmp_path, "00000000000001-a", ROWS)
    assert read_rows(path, 0, limit=100)[0] == ROWS


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = write_segment(tmp_path, "00000000000001-a", ROWS)
    found: list[JournalRow] = []
    offset = 0
    while True:
        rows, offset = read_rows(path, offset, limit=5)
        if not rows:
            break
        found += rows
    assert found == ROWS
    assert offset == path.stat().st_size


@given(cut=st.integers(min_value=0))
def test_a_segment_cut_at_any_byte_keeps_every_whole_frame(tmp_path_factory, cut: int) -> None:
    whole = MAGIC + b"".join(map(frame_of, ROWS))
    cut %= len(whole) + 1
    path = tmp_path_factory.mktemp("journal") / "00000000000001-a.journal"
    path.write_bytes(whole[:cut])
    ends = [len(MAGIC) + sum(len(frame_of(row)) for row in ROWS[: n + 1]) for n in range(len(ROWS))]
    expected = sum(end <= cut for end in ends)
    rows, behind = read_rows(path, 0, limit=100)
    assert rows == ROWS[:expected]
    cut_torn_tails(path.parent)
    if expected:
        assert path.stat().st_size == behind == ends[expected - 1]
    else:
        assert not path.exists()


@given(at=st.integers(min_value=0), mask=st.integers(min_value=1, max_value=255))
def test_a_changed_byte_never_yields_a_row_that_was_not_written(at: int, mask: int) -> None:
    whole = bytearray(b"".join(map(frame_of, ROWS)))
    whole[at % len(whole)] ^= mask
    originals = [payload for row in ROWS for payload, _ in payloads(frame_of(row))]
    read = [payload for payload, _ in payloads(bytes(whole))]
    assert read == originals[: len(read)]
    assert len(read) < len(ROWS)


def test_zeros_of_a_lost_write_are_no_frames(tmp_path: Path) -> None:
    path = write_segment(tmp_path, "00000000000001-a", ROWS)
    size = path.stat().st_size
    with path.open("ab") as out:
        out.write(bytes(4096))
    assert read_rows(path, 0, limit=100)[0] == ROWS
    assert whole_length(path) == size


def test_a_frame_larger_than_one_read_is_read(tmp_path: Path) -> None:
    large = journal_row(1, input={"text": "y" * (3 << 20)})
    path = write_segment(tmp_path, "00000000000001-a", [ROWS[0], large, ROWS[2]])
    assert read_rows(path, 0, limit=100)[0] == [ROWS[0], large, ROWS[2]]


def test_a_file_that_is_no_segment_holds_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "00000000000001-a.journal"
    path.write_bytes(b"something else" + frame(b"payload"))
    assert read_rows(path, 0, limit=10) == ([], 0)
