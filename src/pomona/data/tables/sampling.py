"""A thin, even sample of a table that comes in pieces, to choose bins from."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from pomona.data.tables.numbers import arrow

_MOST = 200_000  # rows


class Sample:
    """Every n-th row of the columns with numbers or times; n doubles whenever there are too many."""

    def __init__(self) -> None:
        self._step = 1
        self._parts: list[pa.Table] = []
        self._rows = 0

    def add(self, piece: pa.Table) -> None:
        """Take in the next rows."""
        binned = [field.name for field in piece.schema if has_bins(field.type)]
        self._keep(_every(piece.select(binned), self._step))
        while self._rows > _MOST:
            self._step *= 2
            parts, self._parts, self._rows = self._parts, [], 0
            for part in parts:
                self._keep(_every(part, 2))

    def table(self) -> pa.Table | None:
        """The rows kept; None if nothing came."""
        return pa.concat_tables(self._parts) if self._parts else None

    def _keep(self, part: pa.Table) -> None:
        self._parts.append(part)
        self._rows += part.num_rows


def sampled(pieces: Iterable[pa.Table]) -> pa.Table | None:
    """A sample of a table in pieces; None if there are none."""
    sample = Sample()
    for piece in pieces:
        sample.add(piece)
    return sample.table()


def has_bins(kind: pa.DataType) -> bool:
    """Whether a column of this type has bins that are chosen from a sample."""
    types = pa.types
    number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    return bool(number or types.is_temporal(kind))


def _every(table: pa.Table, step: int) -> pa.Table:
    return table if step == 1 else table.take(arrow(np.arange(0, table.num_rows, step)))
