"""How many different values a column holds, counted in bounded memory."""

import numpy as np
from numpy.typing import NDArray

KEPT = 4096  # exact up to here; beyond, a standard error of about 1/sqrt(KEPT - 2) = 1.6 %
_SPACE = 2.0**64


class Distinct:
    """The smallest of the hashes seen (K minimum values), and how often each was: values may go again.

    Fewer than ``kept`` different hashes are counted exactly. Of more, the k-th smallest tells how
    densely they lie. The count depends on the values that are there only, never on their order, on how
    they were cut into chunks, or on what came and went: twice as many hashes as needed are held, and
    once more than half of those are gone, it is ``worn`` and all values have to be counted anew.

    References:
        Bar-Yossef, Jayram, Kumar, Sivakumar, Trevisan (2002), RANDOM 2002, LNCS 2483, 1-10.
        Beyer, Haas, Reinwald, Sismanis, Gemulla (2007), SIGMOD, 199-210.

    >>> sketch = Distinct()
    >>> sketch.add(np.array([7, 9, 7], dtype=np.uint64))
    >>> sketch.count
    2
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._bound: int | None = None  # hashes above it are not held
        self._hashes = np.array([], dtype=np.uint64)  # sorted, different
        self._times = np.array([], dtype=np.int64)

    @classmethod
    def of(cls, hashes: NDArray[np.uint64], times: NDArray[np.int64], bound: int | None) -> "Distinct":
        """A sketch that held this."""
        found = cls()
        found._hashes, found._times, found._bound = hashes, times, bound
        return found

    @property
    def hashes(self) -> NDArray[np.uint64]:
        """Those held, sorted."""
        return self._hashes

    @property
    def times(self) -> NDArray[np.int64]:
        """How often each of ``hashes`` is there."""
        return self._times

    @property
    def bound(self) -> int | None:
        """Hashes above it change nothing; None: every one is held."""
        return self._bound

    @property
    def most(self) -> int:
        """How many hashes are held at most."""
        return 2 * self._kept

    @property
    def worn(self) -> bool:
        """Whether too many are gone for the count to be right."""
        return self._bound is not None and self._hashes.size < self._kept

    @property
    def count(self) -> int:
        """Different values that are there: exact while fewer than ``kept``, else an estimate."""
        if self._hashes.size < self._kept:
            return int(self._hashes.size)
        return round((self._kept - 1) / (float(self._hashes[self._kept - 1]) / _SPACE))

    def add(self, hashes: NDArray[np.uint64], times: NDArray[np.int64] | None = None) -> None:
        """Take in the 64-bit hashes of some values, repeated ones too.

        Args:
            times: How often each is meant; below zero: so often it goes.
        """
        rows = np.ones(hashes.size, dtype=np.int64) if times is None else times
        if self._bound is not None:
            near = hashes <= np.uint64(self._bound)
            hashes, rows = hashes[near], rows[near]
        if not hashes.size:
            return
        found, places = np.unique(np.concatenate([self._hashes, hashes]), return_inverse=True)
        total = np.bincount(places, weights=np.concatenate([self._times, rows])).astype(np.int64)
        there = total > 0
        self._hashes, self._times = found[there], total[there]
        if self._hashes.size > self.most:
            self._hashes, self._times = self._hashes[: self.most], self._times[: self.most]
            self._bound = int(self._hashes[-1])

    def holds(self, hash_: int) -> bool:
        """Whether a value with this hash is certainly there."""
        place = int(np.searchsorted(self._hashes, np.uint64(hash_)))
        return place < self._hashes.size and int(self._hashes[place]) == hash_
