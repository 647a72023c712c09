"""How far a column moves by itself: windows of the training data beside the whole of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pomona.stats.drift import drift_of
from pomona.stats.profiles import profile_like
from pomona.stats.records import CategoryProfile, ColumnProfile, TimeProfile

_FEWEST = 100  # rows of a stretch that is worth comparing
_MOST = 60  # stretches that are looked at
_A_WINDOW = 7  # new stretches begin at most so often per window: a week's begin daily

Part = Callable[[int, int], ColumnProfile]


def natural_drift(
    columns: dict[str, ColumnProfile], rows: pa.Table, *, time_column: str | None, window: timedelta
) -> dict[str, float]:
    """For each column the furthest that a stretch of length ``window`` in ``rows`` is from the whole.

    Stretches overlap, so that none begins by chance where weather changes. Without a time column, or with
    less than two windows of data, nothing is known and the answer is empty.

    Args:
        columns: The profile of ``rows``; columns of times are left out.
    """
    if time_column is None or rows.num_rows == 0:
        return {}
    instants = rows.column(time_column).cast(pa.timestamp("us")).to_numpy().astype("datetime64[us]")
    order = np.argsort(instants, kind="stable")
    order = order[~np.isnat(instants[order])]
    stretches = _stretches(instants[order].astype(np.int64), window // timedelta(microseconds=1))
    found: dict[str, float] = {}
    for name, whole in columns.items():
        if not stretches or isinstance(whole, TimeProfile):
            continue
        try:
            part = _parts(whole, rows.column(name), order)
        except pa.ArrowException:
            continue  # lists, bytes and the like: only their number is known, so nothing can move
        found[name] = max(drift_of(whole, part(begin, end)).excess for begin, end in stretches)
    return found


def _stretches(micros: NDArray[np.int64], length: int) -> list[tuple[int, int]]:
    """Begin and end, as row numbers, of the stretches with enough rows; none in less than two windows."""
    if micros.size == 0 or micros[-1] - micros[0] < 2 * length:
        return []
    last_start = int(micros[-1]) - length
    step = max(length // _A_WINDOW, (last_start - int(micros[0])) // _MOST, 1)
    starts = np.arange(int(micros[0]), last_start + 1, step)
    begins, ends = np.searchsorted(micros, starts), np.searchsorted(micros, starts + length)
    pairs = zip(begins.tolist(), ends.tolist(), strict=True)
    return [(begin, end) for begin, end in pairs if end - begin >= _FEWEST]


def _parts(whole: ColumnProfile, column: pa.ChunkedArray, order: NDArray[Any]) -> Part:
    """Profiles of row ranges of a column, fast because it is prepared once."""
    if not isinstance(whole, CategoryProfile):
        numbers = column.cast(pa.float64()).to_numpy()[order]
        return lambda begin, end: profile_like(whole, numbers[begin:end])
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    words = encoded.dictionary.to_pylist()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)[order] + 1

    def part(begin: int, end: int) -> ColumnProfile:
        counts = np.bincount(codes[begin:end], minlength=len(words) + 1).tolist()
        return profile_like(whole, dict(zip(words, counts[1:], strict=True)), missing=counts[0])

    return part
