"""How many different values a column holds, counted in bounded memory."""

import numpy as np
from numpy.typing import NDArray

KEPT = 4096  # exact up to here; beyond, a standard error of about 1/sqrt(KEPT - 2) = 1.6 %
_SPACE = 2.0**64


class Distinct:
    """The ``kept`` smallest of the hashes seen (K minimum values).

    Fewer than ``kept`` different hashes are counted exactly. Of more, the k-th smallest tells how
    densely they lie. What it holds depends on the set of values only, never on their order or on how
    they were cut into chunks, so many chunks give what one would.

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
        self._smallest = np.array([], dtype=np.uint64)  # sorted, different

    @property
    def full(self) -> bool:
        """Whether only hashes below ``bound`` still matter."""
        return self._smallest.size >= self._kept

    @property
    def bound(self) -> int:
        """Hashes at or above it change nothing."""
        return int(self._smallest[-1]) if self.full else 2**64

    @property
    def count(self) -> int:
        """Different values seen: exact while fewer than ``kept``, else an estimate."""
        if not self.full:
            return int(self._smallest.size)
        return round((self._kept - 1) / (float(self._smallest[-1]) / _SPACE))

    def add(self, hashes: NDArray[np.uint64]) -> None:
        """Take in the 64-bit hashes of some values, repeated ones too."""
        if self.full:
            hashes = hashes[hashes < self._smallest[-1]]
        elif hashes.size > 16 * self._kept:
            # The smallest of many are most likely below this: far fewer to sort.
            likely = hashes[hashes < np.uint64(int(_SPACE * (4.0 * self._kept / hashes.size)))]
            found = np.unique(likely)
            hashes = found if found.size >= self._kept else np.unique(hashes)
        if hashes.size:
            self._smallest = np.union1d(self._smallest, hashes)[: self._kept]
