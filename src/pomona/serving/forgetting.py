"""Takes a subject out of predictions: their inputs and units in SQL, their rows in the journal's segments.

What was answered, decided and earned stays. A row in a segment is overwritten where it lies, with one of
the same length: the gateway may be writing behind it, and the fold knows places by their offsets.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import or_, select, update

from pomona.core.ports import Database, Transaction
from pomona.data.keeping.records import TouchedPlace
from pomona.serving import store
from pomona.serving.journal import (
    MAGIC,
    JournalRow,
    frame,
    frame_of,
    payloads,
    row_of,
    segments,
)

if TYPE_CHECKING:
    from pomona.data.keeping.subjects import Subject

ERASED = "erased"
_CHUNK = 500
_NOTHING = b"\xc1"  # MessagePack never uses it: a whole frame that is no row, which every reader skips


class PredictionHolder:
    """Predictions whose unit, id or input holds a subject.

    Args:
        journal: The folder of the gateway's segments.
        settle: Finishes what is on its way into append tables; what was read before then goes nowhere.
    """

    what = "predictions"

    def __init__(self, database: Database, journal: Path, settle: Callable[[], None] = lambda: None) -> None:
        self._database = database
        self._journal = journal
        self._settle = settle

    def holds(self, subject: "Subject") -> TouchedPlace:
        found = self._database.read(lambda tx: len(list(_rows(tx, subject))))
        return TouchedPlace(what=self.what, count=found)

    def forget(self, subject: "Subject") -> TouchedPlace:
        """Blank them in SQL and in the segments, and those that were on their way between the two."""
        count = self._forget_rows(subject)
        for path in segments(self._journal):
            _overwrite(path, subject)
        count += self._forget_rows(subject)
        self._settle()
        return TouchedPlace(what=self.what, count=count)

    def _forget_rows(self, subject: "Subject") -> int:
        ids = self._database.read(lambda tx: [row.id for row in _rows(tx, subject)])
        for start in range(0, len(ids), _CHUNK):
            some = ids[start : start + _CHUNK]
            self._database.write(lambda tx, some=some: _blank(tx, some, subject))  # type: ignore[misc]
        return len(ids)


def _rows(tx: Transaction, subject: "Subject") -> Iterator[Any]:
    c = store.predictions.c
    text = msgspec.json.encode(subject.value).decode()[1:-1]
    query = select(c.id, c.unit, c.key, c.input, c.output_json).where(
        or_(
            c.unit == subject.value,
            c.key.contains(subject.value, autoescape=True),
            c.input.contains(text, autoescape=True),
            c.output_json.contains(text, autoescape=True),
        )
    )
    return (row for row in tx.execute(query) if _speaks(row, subject))


def _speaks(row: Any, subject: "Subject") -> bool:
    if subject.value in (row.unit, row.key) or subject.in_row(msgspec.json.decode(row.input)):
        return True
    if subject.is_distinct and (subject.value in (row.key or "") or subject.in_text(row.input)):
        return True
    return bool(row.output_json) and subject.in_text(row.output_json)


def _blank(tx: Transaction, ids: list[str], subject: "Subject") -> None:
    c = store.predictions.c
    for row in tx.execute(select(c.id, c.input, c.output_json).where(c.id.in_(ids))).all():
        names = msgspec.json.decode(row.input)
        output = subject.masked(row.output_json) if row.output_json else None
        values = {
            "unit": ERASED,
            "key": None,
            "input": msgspec.json.encode(dict.fromkeys(names)).decode(),
            "output_json": output,
        }
        tx.execute(update(store.predictions).where(c.id == row.id).values(values))


def _overwrite(path: Path, subject: "Subject") -> int:
    """Put a blank row in the place of each of the subject's; returns how many."""
    body = path.read_bytes()
    if body[: len(MAGIC)] != MAGIC:
        return 0
    start, done = len(MAGIC), 0
    with path.open("r+b") as stream:
        for payload, behind in payloads(body, len(MAGIC)):
            try:
                row = row_of(payload)
            except msgspec.MsgspecError:
                row = None
            if row is not None and _is_of(row, subject):
                stream.seek(start)
                stream.write(blank_frame(row, len(payload)))
                done += 1
            start = behind
        stream.flush()
        os.fsync(stream.fileno())
    return done


def _is_of(row: JournalRow, subject: "Subject") -> bool:
    if subject.value in (row.unit, row.key) or subject.in_row(row.input):
        return True
    return subject.is_distinct and subject.value in f"{row.key} {row.unit} {row.input} {row.output}"


def blank_frame(row: JournalRow, length: int) -> bytes:
    """The frame of a row without unit, key and input, whose payload has exactly this length."""
    plain = msgspec.structs.replace(
        row, key=None, unit="", input={}, output=row.output if isinstance(row.output, float) else None
    )
    header = len(frame(b""))
    lacking = length - (len(frame_of(plain)) - header)
    # A text's own length takes more bytes the longer it is, so not each length can be had with one text.
    for unit in range(min(lacking, 40) + 1):
        for text in range(max(0, lacking - unit - 12), lacking - unit + 1):
            filled = msgspec.structs.replace(plain, unit="x" * unit, input={"": "x" * text} if text else {})
            found = frame_of(filled)
            if len(found) - header == length:
                return found
    return frame(_NOTHING * length)
