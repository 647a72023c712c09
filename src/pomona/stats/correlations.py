"""Pearson correlations of many columns in one pass, mergeable."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pomona.stats.records import Correlations

_BLOCK_ROWS = 16_384  # rows multiplied at once: they stay in the cache, and BLAS starts no threads
_LEAST_SPREAD = 1e-8  # of the peak: 16 digits less these are enough for a coefficient of 6
_FEWEST = 3  # pairs below which a coefficient says nothing


class Comoments:
    """Sums of products of d columns, each pair over the rows in which both have a value.

    Values are shifted by about their mean before they are multiplied, so that a large offset (a year, a
    time stamp) costs no digits; the shift cancels in the coefficient.

    References:
        Chan, Golub, LeVeque (1983), The American Statistician 37(3), 242-247.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = tuple(columns)
        d = len(self._columns)
        self._shift: NDArray[np.float64] | None = None
        self._pairs = np.zeros((d, d))  # rows with both
        self._sums = np.zeros((d, d))  # [i, j]: of column i where j is there
        self._squares = np.zeros((d, d))  # [i, j]: of column i squared where j is there
        self._products = np.zeros((d, d))
        self._peaks = np.zeros((d, d))  # the largest sums of squares there ever were: rounding goes by them

    @property
    def imprecise(self) -> bool:
        """Rows that went took the digits of those that are left with them: all have to be read again."""
        lost = (self._peaks > 0) & (self._spread() < _LEAST_SPREAD * self._peaks)
        return bool((lost & (self._pairs >= _FEWEST)).any())

    @property
    def state(self) -> tuple[bytes, ...]:
        """All that is known, for ``of``; empty before the first rows."""
        if self._shift is None:
            return ()
        parts = (self._shift, self._pairs, self._sums, self._squares, self._products, self._peaks)
        return tuple(part.tobytes() for part in parts)

    @classmethod
    def of(cls, columns: Sequence[str], state: Sequence[bytes]) -> "Comoments":
        """What had this ``state``."""
        found = cls(columns)
        if state:
            d = len(found._columns)
            shift, *sums = (np.frombuffer(part).copy() for part in state)
            found._shift = shift
            found._pairs, found._sums, found._squares, found._products, found._peaks = (
                part.reshape(d, d) for part in sums
            )
        return found

    def add(self, columns: Sequence[NDArray[np.float64]], times: int = 1) -> None:
        """Take in some rows.

        Args:
            columns: One array of shape (n,) a column; what is not finite counts as missing.
            times: -1: rows that were there go.
        """
        if not self._columns or not len(columns[0]):
            return
        if self._shift is None:
            self._shift = np.array([_about_mean(column) for column in columns])
        for start in range(0, len(columns[0]), _BLOCK_ROWS):
            block = np.stack([column[start : start + _BLOCK_ROWS] for column in columns])
            block -= self._shift[:, None]
            self._add(block, times)

    def _add(self, block: NDArray[np.float64], times: int) -> None:
        there = np.isfinite(block)
        lacking = np.flatnonzero(~there.all(axis=1))
        n = float(block.shape[1])
        if lacking.size:
            block[~there] = 0.0
        squares = np.square(block)
        pairs = np.full(self._pairs.shape, n)
        sums = np.repeat(block.sum(axis=1)[:, None], len(block), axis=1)
        totals = np.repeat(squares.sum(axis=1)[:, None], len(block), axis=1)
        if lacking.size:
            mask = there[lacking].astype(np.float64)
            both = there.astype(np.float64) @ mask.T
            pairs[:, lacking], pairs[lacking, :] = both, both.T
            sums[:, lacking] = block @ mask.T
            totals[:, lacking] = squares @ mask.T
        self._pairs += times * pairs
        self._sums += times * sums
        self._squares += times * totals
        self._products += times * (block @ block.T)
        self._peaks = np.maximum(self._peaks, self._squares)

    def _spread(self) -> NDArray[np.float64]:
        """Sums of squares about the mean."""
        found: NDArray[np.float64] = self._squares - self._sums**2 / np.maximum(self._pairs, 1.0)
        return found

    def finish(self) -> Correlations:
        """The coefficients; None where a column does not vary or fewer than 3 rows have both."""
        n = np.maximum(self._pairs, 1.0)
        spread = self._spread()
        spread = np.where(spread > 1e-12 * self._squares, spread, 0.0)  # the rest is rounding
        with np.errstate(invalid="ignore", divide="ignore"):
            r = (self._products - self._sums * self._sums.T / n) / np.sqrt(spread * spread.T)
        known = np.isfinite(r) & (self._pairs >= _FEWEST)
        rows = (
            tuple(round(float(x), 6) if ok else None for x, ok in zip(line, oks, strict=True))
            for line, oks in zip(np.clip(r, -1.0, 1.0), known, strict=True)
        )
        return Correlations(columns=self._columns, pearson=tuple(rows))


def _about_mean(column: NDArray[np.float64]) -> float:
    sample = column[:_BLOCK_ROWS]
    finite = sample[np.isfinite(sample)]
    return float(finite.mean()) if finite.size else 0.0
