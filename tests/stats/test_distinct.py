"""Different values are counted exactly while few, and closely when many; chunks do not matter."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pomona.stats.distinct import Distinct


@given(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=40), max_size=6), st.integers(2, 20))
def test_chunks_give_what_the_whole_gives(chunks: list[list[int]], kept: int) -> None:
    cut, whole = Distinct(kept), Distinct(kept)
    for chunk in chunks:
        cut.add(np.array(chunk, dtype=np.uint64))
    everything = [value for chunk in chunks for value in chunk]
    whole.add(np.array(everything, dtype=np.uint64))
    assert cut.count == whole.count
    if len(set(everything)) < kept:
        assert whole.count == len(set(everything))


@pytest.mark.parametrize("distinct", [10, 4_095, 10_000, 300_000])
def test_the_estimate_is_close(distinct: int) -> None:
    rng = np.random.default_rng(distinct)
    hashes = rng.integers(0, 2**64, distinct, dtype=np.uint64, endpoint=False)
    sketch = Distinct()
    for chunk in np.array_split(rng.permutation(np.concatenate([hashes, hashes])), 3):
        sketch.add(chunk)
    tolerance = 0 if distinct < 4_096 else 0.07  # over four standard errors
    assert abs(sketch.count / distinct - 1) <= tolerance


@given(
    st.lists(st.tuples(st.booleans(), st.lists(st.integers(0, 60), max_size=30)), max_size=8),
    st.integers(2, 12),
)
def test_values_that_went_are_not_counted(steps: list[tuple[bool, list[int]]], kept: int) -> None:
    sketch, there = Distinct(kept), Counter[int]()
    for comes, values in steps:
        if not comes:
            values = list((Counter(values) & there).elements())
        hashes, times = np.unique(np.array(values, dtype=np.uint64) << np.uint64(57), return_counts=True)
        sketch.add(hashes, times if comes else -times)
        there += Counter(values) if comes else Counter()
        there -= Counter() if comes else Counter(values)
    whole = Distinct(kept)
    whole.add(np.array(sorted(there.elements()), dtype=np.uint64) << np.uint64(57))
    if not sketch.worn:
        assert sketch.count == whole.count
    if sketch.bound is None:
        assert not sketch.worn
        assert {n for n in range(61) if sketch.holds((n << 57) % 2**64)} >= set(there)
