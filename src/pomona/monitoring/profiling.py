"""Arrow columns as profiles that fit a reference."""

from typing import Any

import numpy as np
import pyarrow as pa

from pomona.stats.profiles import profile_like
from pomona.stats.records import CategoryProfile, ColumnProfile


def profile_column_like(expected: ColumnProfile, column: pa.ChunkedArray) -> ColumnProfile:
    """The profile of a column in the bins of ``expected``.

    Raises:
        TypeError, ValueError: If it holds something else than ``expected`` does.
    """
    present = column.drop_null()
    return profile_like(expected, _as(expected, present), missing=len(column) - len(present))


def _as(expected: ColumnProfile, column: pa.ChunkedArray) -> Any:
    values = column.to_pylist()
    if isinstance(expected, CategoryProfile):
        return [str(value) for value in values]
    return np.asarray(values, dtype=np.float64)
