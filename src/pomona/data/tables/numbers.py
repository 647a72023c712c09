"""NumPy and Arrow: numbers and masks without a copy, rows by their places; and all of it without pandas."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def arrow(values: NDArray[Any]) -> pa.Array:
    """Whole numbers, floats or yes/no, none missing; ``pa.array`` would load pandas to look at them.

    >>> arrow(np.array([True, False])).to_pylist(), arrow(np.arange(2)).type
    ([True, False], DataType(int64))
    """
    kind = pa.from_numpy_dtype(values.dtype)
    body = np.packbits(values, bitorder="little") if values.dtype == bool else np.ascontiguousarray(values)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(body)])


def no_rows(schema: pa.Schema) -> pa.Table:
    """A table without rows; ``schema.empty_table`` would load pandas, too."""
    return pa.Table.from_batches([], schema)


def rows_at(table: pa.Table, places: NDArray[np.int64]) -> pa.Table:
    """The rows at these places, in their order.

    Each chunk gives its own: ``take`` would join all of them first, a copy of the whole table.
    """
    order = None if (places[1:] >= places[:-1]).all() else np.argsort(places, kind="stable")
    wanted = places if order is None else places[order]
    parts, start = [], 0
    for batch in table.to_batches():
        low, high = np.searchsorted(wanted, [start, start + batch.num_rows])
        if low < high:
            parts.append(batch.take(arrow(wanted[low:high] - start)))
        start += batch.num_rows
    found = pa.Table.from_batches(parts, table.schema).combine_chunks()
    if order is None:
        return found
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return found.take(arrow(back))
