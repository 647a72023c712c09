"""What was answered to the rows that callers gave an id, so that a retry gets the first answer."""

from pathlib import Path
from typing import Any, NamedTuple

from pomona.serving.journal import JournalRow, read_rows, segments

KEEP = 1_000_000


class Answered(NamedTuple):
    """The part of an answer that a retry gets again."""

    prediction_id: str
    output: Any
    decision: bool | None
    arm: str
    model_version: str


def answered(row: JournalRow) -> Answered:
    """The answer that was journalled as ``row``."""
    return Answered(row.id, row.output, row.decision, row.arm, row.model_version)


class Answers:
    """The last ``keep`` answers by prediction id, in two generations so that forgetting is cheap."""

    def __init__(self, *, keep: int = KEEP) -> None:
        self._half = max(1, keep // 2)
        self._young: dict[str, Answered] = {}
        self._old: dict[str, Answered] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def find(self, prediction_id: str) -> Answered | None:
        """The first answer under this id, if it is still remembered."""
        return self._young.get(prediction_id) or self._old.get(prediction_id)

    def remember(self, answer: Answered) -> None:
        """Keep an answer that is durable."""
        if len(self._young) >= self._half:
            self._young, self._old = {}, self._young
        self._young[answer.prediction_id] = answer

    def rebuild(self, folder: Path) -> int:
        """Read the retained segments of a journal; returns the number of rows that had an id."""
        count = 0
        for segment in segments(folder):
            offset = 0
            while True:
                rows, offset = read_rows(segment, offset, limit=4096)
                if not rows:
                    break
                for row in rows:
                    if row.key is not None and self.find(row.id) is None:
                        self.remember(answered(row))
                        count += 1
        return count
