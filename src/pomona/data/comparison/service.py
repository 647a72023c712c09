"""Use case: two versions side by side."""

from pomona.data.comparison.records import Comparison
from pomona.data.comparison.rules import compare_columns
from pomona.data.profiling import column_like
from pomona.data.records import DataVersion
from pomona.data.service import DataService
from pomona.data.tables.frames import series
from pomona.stats.profiles import merge
from pomona.stats.records import ColumnProfile

_CHUNK_ROWS = 1_000_000


class ComparisonService:
    """Compares versions by their profiles; rows are read only where the bins differ."""

    def __init__(self, data: DataService) -> None:
        self._data = data

    def compare(self, before: str, after: str) -> Comparison:
        """How ``after`` differs from ``before``; they may belong to two datasets.

        Raises:
            NotFound: If there is no such version.
        """
        one, other = self._data.resolve(before), self._data.resolve(after)

        def rebin(name: str, like: ColumnProfile) -> ColumnProfile:
            return self._column(other, name, like)

        columns = compare_columns(
            (one.schema, self._data.profile(one.id)),
            (other.schema, self._data.profile(other.id)),
            rebin=rebin,
        )
        return Comparison(
            before=f"{one.dataset}@v{one.number}",
            after=f"{other.dataset}@v{other.number}",
            before_id=one.id,
            after_id=other.id,
            rows_before=one.rows,
            rows_after=other.rows,
            columns=columns,
        )

    def _column(self, version: DataVersion, name: str, like: ColumnProfile) -> ColumnProfile:
        values = series(self._data.read(version.id, columns=[name]), name)
        found: ColumnProfile | None = None
        for start in range(0, max(1, len(values)), _CHUNK_ROWS):
            part = column_like(like, values.slice(start, _CHUNK_ROWS))
            found = part if found is None else merge(found, part)
        return found if found is not None else like
