"""Rows that come in key order already, in a file that can be read again: they need no sorting and no spool.

Most exports are written so. To know it the key columns alone are read; the rows are then walked where
they are.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa

from pomona.data.tables.ahead import ahead
from pomona.data.tables.canonical import canonical, missing
from pomona.data.tables.frames import to_polars
from pomona.data.tables.incoming import Again
from pomona.data.tables.numbers import arrow
from pomona.data.tables.runs import Key, key_at, parted
from pomona.data.tables.sampling import sampled

_EVERY = 4096  # one key in so many is kept


class InOrder(Protocol):
    """Rows by key order, however they came: ``Runs``, ``Ordered``."""

    rows: int
    width: float  # bytes a row

    def tables(self) -> list[Callable[[], Iterator[pa.Table]]]:
        """How to walk each sorted run; may be walked several times."""
        ...

    def cuts(self, rows_a_range: int) -> list[Key]:
        """Keys that part the rows into ranges of about ``rows_a_range``."""
        ...

    @property
    def span(self) -> tuple[Key, Key]:
        """The lowest and the highest key of all rows."""
        ...

    def sample(self) -> pa.Table | None:
        """A thin sample of all rows, to choose bins from; None if there are none."""
        ...


class Ordered:
    """Rows of a file in strict key order; see ``in_order``.

    Args:
        keys: One row in 4096, and the last: the keys.
    """

    def __init__(self, source: Again, key: Sequence[str], keys: pa.Table) -> None:
        self._source = source
        self._key = key
        self._keys = keys
        self.rows = source.rows
        self.width = max(1.0, source.width)

    def tables(self) -> list[Callable[[], Iterator[pa.Table]]]:
        """How to walk them; may be walked several times."""
        return [lambda: ahead(canonical(piece) for piece in self._source.read(None))]

    def cuts(self, rows_a_range: int) -> list[Key]:
        """Keys that part the rows into ranges of about ``rows_a_range``."""
        return parted(self._keys, self._key, -(-self.rows // rows_a_range))

    @property
    def span(self) -> tuple[Key, Key]:
        """The lowest and the highest key."""
        return key_at(self._keys, self._key, 0), key_at(self._keys, self._key, self._keys.num_rows - 1)

    def sample(self) -> pa.Table | None:
        """A thin sample of all rows, to choose bins from; they are read for it."""
        return sampled(canonical(piece) for piece in self._source.read(None))


def in_order(source: Again, key: Sequence[str]) -> Ordered | None:
    """The rows of ``source`` if each key is greater than the one before; else None.

    A key that is missing has no place in an order.
    """
    before: pa.Table | None = None
    kept, start = [], 0
    for piece in source.read(key):
        keys = canonical(piece).select(list(key))
        if any(missing(keys.column(name)) for name in key):
            return None
        if not rises(pa.concat_tables([before, keys]) if before is not None else keys, key):
            return None
        kept.append(keys.take(arrow(np.arange(-start % _EVERY, keys.num_rows, _EVERY))))
        before, start = keys.slice(max(0, keys.num_rows - 1)), start + keys.num_rows
    return None if before is None else Ordered(source, key, pa.concat_tables([*kept, before]))


def rises(keys: pa.Table, key: Sequence[str]) -> bool:
    """Whether each row's key is greater than that of the row before."""
    frame = to_polars(keys)
    before, after = frame.head(-1), frame.tail(-1)
    rises = before[key[-1]] < after[key[-1]]
    for name in reversed(key[:-1]):
        rises = (before[name] < after[name]) | ((before[name] == after[name]) & rises)
    return bool(rises.all())
