"""Files of a version merged into fewer: their hidden rows left out, in the memory of a few row groups.

With a key the rows of all of them come out in its order, parted by its ranges. Without one they stay in
their order: files that stand side by side are joined.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from pomona.core.ports import Tables
from pomona.core.tables import DataFile
from pomona.data.tables.files import FileReader, FileWriter, rows_a_file
from pomona.data.tables.runs import Cursor, Key, key_at, sort

MayGoOn = Callable[[float], None]


class Merger:
    """Writes what replaces files of one version.

    Args:
        schema: The version's canonical schema.
        may_go_on: Hears the share that is done; raises to stop.
    """

    def __init__(
        self,
        tables: Tables,
        table: str,
        schema: pa.Schema,
        *,
        key: Sequence[str],
        time_column: str | None,
        may_go_on: MayGoOn,
    ) -> None:
        self._tables = tables
        self._table = table
        self._schema = schema
        self._key = list(key)
        self._time_column = time_column
        self._may_go_on = may_go_on
        self._taken: set[str] = set()

    def merge(self, files: Sequence[DataFile], places: Sequence[int]) -> list[list[DataFile]]:
        """What stands in the place of each of these files: the first one gets all, the others nothing."""
        self._taken = {file.digest for place, file in enumerate(files) if place not in places}
        if self._key:
            merged = self._by_key([files[place] for place in places])
            return [merged, *([] for _ in places[1:])]
        groups = _side_by_side(places)
        found: list[list[DataFile]] = []
        for group in groups:
            self._may_go_on(len(found) / len(places))
            found += [self._in_order([files[place] for place in group]), *([] for _ in group[1:])]
        return found

    def _reader(self, files: Sequence[DataFile]) -> FileReader:
        return FileReader(self._tables, self._table, files, self._schema, self._time_column)

    def _writer(self) -> FileWriter:
        return FileWriter(self._tables, self._table, self._schema, self._time_column, self._taken)

    def _in_order(self, files: Sequence[DataFile]) -> list[DataFile]:
        writer = self._writer()
        try:
            for rows in self._reader(files).batches():
                writer.add(rows)
        finally:
            written = writer.close()
        self._taken |= {file.digest for file in written}
        return written

    def _by_key(self, files: Sequence[DataFile]) -> list[DataFile]:
        cuts: list[Key | None] = [*self._cuts(files), None]
        cursors = [Cursor(self._reader([file]).batches(), self._key) for file in files]
        writer = self._writer()
        try:
            for number, cut in enumerate(cuts):
                self._may_go_on(number / len(cuts))
                parts = [part for cursor in cursors for part in cursor.take_before(cut)]
                if parts:
                    writer.add(sort(pa.concat_tables(parts), self._key))
                writer.cut()
        finally:
            written = writer.close()
        return written

    def _cuts(self, files: Sequence[DataFile]) -> list[Key]:
        """Keys that part the rows into ranges of about a file each."""
        total = sum(file.live for file in files)
        size = rows_a_file(self._width(files))
        ranges = -(-total // size)
        if ranges < 2:
            return []
        step = max(1, size // 64)
        keys = sort(pa.concat_tables([self._sample(file, step) for file in files]), self._key)
        places = np.linspace(0, keys.num_rows, ranges + 1)[1:-1].astype(int)
        found = [key_at(keys, self._key, int(place)) for place in places]
        return [cut for before, cut in zip([None, *found], found, strict=False) if cut != before]

    def _sample(self, file: DataFile, step: int) -> pa.Table:
        reader = self._reader([file])
        parts = [rows.take(pa.array(np.arange(0, rows.num_rows, step))) for rows in reader.batches(self._key)]
        return pa.concat_tables(parts) if parts else reader.schema_of(self._key).empty_table()

    def _width(self, files: Sequence[DataFile]) -> float:
        """Bytes of a row in memory, read off the first rows of the largest file."""
        largest = max(files, key=lambda file: file.live)
        rows = next(self._reader([largest]).batches(), None)
        return rows.nbytes / rows.num_rows if rows is not None and rows.num_rows else 1.0


def _side_by_side(places: Sequence[int]) -> list[list[int]]:
    """Runs of neighbours.

    >>> _side_by_side([1, 2, 5])
    [[1, 2], [5]]
    """
    groups: list[list[int]] = []
    for place in places:
        if groups and groups[-1][-1] == place - 1:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups
