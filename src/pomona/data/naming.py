"""The most frequent words of a column that comes in chunks, in bounded memory."""

from collections import Counter

import polars as pl

from pomona.stats.records import TOP

EXACT = 20_000  # different values up to which each is counted
_LONGEST = 200  # characters; a longer value is text, not a category
_SAMPLE = 16  # of a column with more values, one row in 16 says which are worth counting
_OFTEN = 3  # times in that sample
_KEPT = 1_000


class Naming:
    """Counts words, all of them while they are few, else those frequent in a sample of their chunk."""

    def __init__(self) -> None:
        self._rows: Counter[str] = Counter()

    def add(self, words: pl.Series, *, exact: int) -> None:
        """Take in a chunk.

        Args:
            words: Text without nulls.
            exact: How many different words the column has so far, this chunk included.
        """
        if not len(words):
            return
        lengths = words.str.len_bytes()
        if (lengths.max() or 0) > _LONGEST:  # type: ignore[operator]  # a number
            words = words.filter(words.str.len_chars() <= _LONGEST)
        if exact > EXACT:
            words = words.filter(words.is_in(self._candidates(words)))
        counts = words.rename("value").value_counts(name="rows")
        self._rows.update(dict(counts.iter_rows()))

    def top(self) -> dict[str, int]:
        """The most frequent, most frequent first; of equal ones the first by name."""
        return dict(sorted(self._rows.items(), key=lambda item: (-item[1], item[0]))[:TOP])

    def _candidates(self, words: pl.Series) -> list[str]:
        if len(self._rows) > _KEPT:
            self._rows = Counter(dict(self._rows.most_common(_KEPT)))
        sample = words.gather_every(_SAMPLE).rename("value").value_counts(name="rows")
        often = sample.filter(pl.col("rows") >= _OFTEN).top_k(_KEPT, by="rows")
        return list(dict.fromkeys([*self._rows, *often["value"].to_list()]))
