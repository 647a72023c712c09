"""What the command line prints breaks for a terminal only: a pipe or a file gets whole lines."""

import io
import os
import pty
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pytest
from rich.text import Text

from pomona.cli.console import Paper, out, show_one, show_rows
from pomona.cli.waterfalls import draw
from pomona.core.records import Record
from pomona.training.traces.records import Span
from pomona.training.traces.waterfall import length_ms, lines

LONG = "a name of many words " * 20 + "and its end"


class Thing(Record, frozen=True, kw_only=True):
    name: str
    note: str


@pytest.fixture(autouse=True)
def _no_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


@contextmanager
def terminal() -> Iterator[tuple[IO[str], int]]:
    reader, writer = pty.openpty()
    with os.fdopen(writer, "w") as screen:
        yield screen, reader
    os.close(reader)


def test_a_table_is_not_broken_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    things = [Thing(name="a" * 100, note=LONG), Thing(name="b", note="short")]
    show_rows(things, [("Name", lambda one: one.name), ("Note", lambda one: one.note)], json=False, empty="")
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == ["Name", "Note"]
    assert first == f"{'a' * 100}  {LONG}"
    assert second == f"{'b':100}  short"  # nothing fills the last column


def test_a_record_and_a_sentence_are_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    show_one(Thing(name="a", note=LONG))
    out.print(LONG)
    assert capsys.readouterr().out.splitlines() == ["name  a", f"note  {LONG}", LONG]


def test_a_terminal_has_its_width() -> None:
    with terminal() as (screen, _):
        console = Paper(file=screen)
        assert not console.piped
        assert console.width < 1000


def test_a_width_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    console = Paper(file=io.StringIO())
    console.print(LONG)
    assert console.width == 40


def test_names_of_spans_are_whole_in_a_pipe() -> None:
    spans = [
        Span(trace_id="t", span_id="a", name=LONG, start_ns=0, end_ns=4_000_000),
        Span(trace_id="t", span_id="b", parent="a", name="b", start_ns=1_000_000, end_ns=2_000_000),
    ]
    paper = Paper(file=io.StringIO())
    shown = lines(spans)
    draw(paper, shown, length_ms(shown), most=10)
    assert isinstance(paper.file, io.StringIO)
    first, second = paper.file.getvalue().splitlines()
    assert first.startswith(LONG)
    assert max(len(first), len(second)) < len(LONG) + 100


def test_errors_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    told = io.StringIO()
    monkeypatch.setattr(sys, "stderr", told)
    Paper(stderr=True).print(Text(LONG))
    assert told.getvalue() == f"{LONG}\n"
