"""How far a long piece of work is."""

import threading
from collections.abc import Callable

from pomona.core.records import Record


class Progress(Record, frozen=True, kw_only=True):
    """Files and bytes done, of all there are."""

    files: int
    files_total: int
    size: int
    size_total: int


Report = Callable[[Progress], None]


class Counter:
    """Counts from several threads and reports each step."""

    def __init__(self, report: Report | None, *, files: int, size: int) -> None:
        self._report = report
        self._lock = threading.Lock()
        self._files, self._size = 0, 0
        self._files_total, self._size_total = files, size
        self.add(0, 0)

    def add(self, files: int, size: int) -> None:
        """So much more is done."""
        with self._lock:
            self._files += files
            self._size += size
            if self._report is not None:
                self._report(
                    Progress(
                        files=self._files,
                        files_total=self._files_total,
                        size=self._size,
                        size_total=self._size_total,
                    )
                )
