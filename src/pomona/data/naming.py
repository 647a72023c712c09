"""The most frequent words of a column that comes in chunks, in bounded memory."""

from collections import Counter
from collections.abc import Mapping

import polars as pl

from pomona.stats.records import TOP

EXACT = 20_000  # different values up to which each is counted
_LONGEST = 200  # characters; a longer value is text, not a category
_SAMPLE = 16  # of a column with more values, one row in 16 says which are worth counting
_OFTEN = 3  # times in that sample
_KEPT = 1_000


class Naming:
    """Counts words, all of them while they are few, else those frequent in a sample of their chunk.

    Args:
        rows: What was counted before.
    """

    def __init__(self, rows: Mapping[str, int] | None = None) -> None:
        self._rows: Counter[str] = Counter(rows or {})

    @property
    def rows(self) -> Mapping[str, int]:
        """How often each word was there."""
        return self._rows

    def add(self, words: pl.Series, *, exact: int) -> None:
        """Take in a chunk.

        Args:
            words: Text without nulls.
            exact: How many different words the column has so far, this chunk included.
        """
        words = _short(words)
        if exact > EXACT:
            words = words.filter(words.is_in(self._candidates(words)))
        self._rows.update(_counts(words))

    def exchange(self, words: pl.Series, times: int) -> None:
        """Some words more (``times`` 1), or some that were there less (-1): few, so each is counted.

        A word that was too rare to be counted before is missed by as much as it was rare.
        """
        for word, rows in _counts(_short(words)).items():
            if times > 0 or word in self._rows:
                self._rows[word] += times * rows
                if self._rows[word] <= 0:
                    del self._rows[word]
        if len(self._rows) > 2 * EXACT:
            self._rows = Counter(dict(self._rows.most_common(EXACT)))

    def top(self) -> dict[str, int]:
        """The most frequent, most frequent first; of equal ones the first by name."""
        return dict(sorted(self._rows.items(), key=lambda item: (-item[1], item[0]))[:TOP])

    def _candidates(self, words: pl.Series) -> list[str]:
        if len(self._rows) > _KEPT:
            self._rows = Counter(dict(self._rows.most_common(_KEPT)))
        sample = words.gather_every(_SAMPLE).rename("value").value_counts(name="rows")
        often = sample.filter(pl.col("rows") >= _OFTEN).top_k(_KEPT, by="rows")
        return list(dict.fromkeys([*self._rows, *often["value"].to_list()]))


def _short(words: pl.Series) -> pl.Series:
    longest = words.str.len_bytes().max() or 0
    return words.filter(words.str.len_chars() <= _LONGEST) if longest > _LONGEST else words  # type: ignore[operator]


def _counts(words: pl.Series) -> dict[str, int]:
    return dict(words.rename("value").value_counts(name="rows").iter_rows())
