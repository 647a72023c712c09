"""Sees the rows of the version to come: its profile and its checks, in one pass."""

from collections.abc import Callable
from datetime import datetime

import pyarrow as pa

from pomona.data.appending import merged_profile, merged_results, needs_all_rows
from pomona.data.commits import Base
from pomona.data.memories import Memory
from pomona.data.profiling import Carried, Profiler
from pomona.data.quality.inspection import Inspection, Related
from pomona.data.records import CheckResult, Dataset
from pomona.data.tables.files import FileReader
from pomona.stats.records import TableProfile

Seen = tuple[TableProfile, Memory | None, tuple[CheckResult, ...]]


class Watch:
    """Profile and checks of the rows of one version, in one pass.

    Args:
        carried: The profile of the version before, which rows that come and go are put into; None: the
            profile is made from all rows.
        sample, expected: See ``Profiler``.
    """

    def __init__(
        self,
        dataset: Dataset,
        base: Base,
        as_of: datetime,
        related: Related,
        *,
        carried: Carried | None = None,
        sample: Callable[[], pa.Table | None] = lambda: None,
        expected: int = 0,
    ) -> None:
        self._carried = carried
        self._profiler = Profiler(base.profile, sample=sample, expected=expected)
        self._inspection = Inspection(
            dataset.checks,
            key=dataset.key,
            time_column=dataset.time_column,
            rows_before=base.parent.rows if base.parent else None,
            as_of=as_of,
            parent_profile=base.profile,
            related=related,
        )

    def add(self, chunk: pa.Table) -> None:
        """Take in some rows."""
        if self._carried is None:
            self._profiler.add(chunk)
        self._inspection.add(chunk)

    def exchange(self, gone: Callable[[], pa.Table], come: Callable[[], pa.Table], pairs: int) -> None:
        """Rows that go and rows that come; see ``Carried``."""
        if self._carried is not None:
            self._carried.exchange(gone(), come(), pairs)

    def finish(self, reader: FileReader) -> Seen:
        """What was seen.

        Args:
            reader: Of the version's rows, for columns that have to be read once more.
        """
        if self._carried is None:
            profile, memory = self._profiler.finish(), self._profiler.memory()
        else:
            profile, memory = self._carry_on(self._carried, reader)
        return profile, memory, self._inspection.finish(profile)

    def _carry_on(self, carried: Carried, reader: FileReader) -> tuple[TableProfile, Memory]:
        unsure = carried.unsure()
        ends = carried.without_ends(unsure)
        wholly = [name for name in unsure if name not in ends]
        for chunk in reader.batches(unsure) if unsure else ():
            if wholly:
                self._profiler.add(chunk.select(wholly))
            if ends:
                carried.find_ends(chunk.select(ends))
        return carried.finish(self._profiler if wholly else None)

    def finish_behind(self, base: Base, dataset: Dataset, reader: FileReader) -> Seen | None:
        """What was seen, put behind what is known of the parent; None if all rows must be read."""
        if base.profile is None:
            return self.finish(reader)
        if needs_all_rows(dataset.checks, base.results, dataset.key):
            return None
        profile = merged_profile(base.profile, self._profiler.finish(), dataset.key)
        results = merged_results(base.results, self._inspection, profile) if profile else None
        return (profile, None, results) if profile is not None and results is not None else None
