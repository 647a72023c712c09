"""Places beside the tables that may hold a subject: what they promise, and those of the data stage itself."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from pomona.core.ports import Database, Requests, Transaction
from pomona.data.keeping.records import TouchedPlace
from pomona.jobs import store as jobs
from pomona.jobs.records import Job

if TYPE_CHECKING:
    from pomona.data.keeping.subjects import Subject

_CHUNK = 1 << 20


class Holder(Protocol):
    """A place that may hold a subject's rows or values."""

    def holds(self, subject: "Subject") -> TouchedPlace:
        """How much of the subject is there; nothing is changed."""
        ...

    def forget(self, subject: "Subject") -> TouchedPlace:
        """Blank it. Doing it again finds nothing and changes nothing."""
        ...


class JobTexts:
    """What jobs said: errors, notes and logs may quote a row.

    Args:
        folder: Where each job has a folder with its log.
    """

    what = "job logs and errors"

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def holds(self, subject: "Subject") -> TouchedPlace:
        found = self._database.read(lambda tx: _speaking(tx, subject))
        return TouchedPlace(what=self.what, count=len(found) + len(self._logs(subject)))

    def forget(self, subject: "Subject") -> TouchedPlace:
        def mask(tx: Transaction) -> int:
            found = _speaking(tx, subject)
            for job in found:
                texts = {
                    name: subject.masked(text)
                    for name in ("error", "hint", "note")
                    if (text := getattr(job, name)) is not None
                }
                jobs.jobs.replace(tx, msgspec.structs.replace(job, **texts))
            return len(found)

        logs = self._logs(subject)
        for path in logs:
            path.write_text(subject.masked(path.read_text(errors="replace")))
        return TouchedPlace(what=self.what, count=self._database.write(mask) + len(logs))

    def _logs(self, subject: "Subject") -> list[Path]:
        paths = self._folder.glob("*/*.log") if self._folder.is_dir() else ()
        return [path for path in paths if subject.in_text(path.read_text(errors="replace"))]


class KeptAnswers:
    """Answers kept for requests that are sent again."""

    what = "answers kept for repeated requests"

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    def holds(self, subject: "Subject") -> TouchedPlace:
        del subject
        return TouchedPlace(what=self.what, count=0)  # they go by themselves in two days

    def forget(self, subject: "Subject") -> TouchedPlace:
        return TouchedPlace(what=self.what, count=self._requests.forget(subject.in_text))


def _speaking(tx: Transaction, subject: "Subject") -> list[Job]:
    return [job for job in jobs.jobs.all(tx) if subject.in_text(f"{job.error}\n{job.hint}\n{job.note}")]


def holding_files(home: Path, subject: "Subject", spare: Sequence[str] = ()) -> list[str]:
    """Files of the home folder whose bytes hold a distinct value, relative to it.

    Args:
        spare: Beginnings of paths that are not looked at.
    """
    if not subject.is_distinct:
        return []
    found = []
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        if path.is_file() and not name.startswith(tuple(spare)) and _holds(path, subject.spellings):
            found.append(name)
    return found


def _holds(path: Path, spellings: Sequence[str]) -> bool:
    pieces, tail = [piece.encode() for piece in spellings], b""
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                seen = tail + chunk
                if any(piece in seen for piece in pieces):
                    return True
                tail = seen[-max(map(len, pieces)) :]
    except OSError:
        return False  # gone meanwhile
    return False
