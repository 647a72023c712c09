"""Different values are counted exactly while few, and closely when many; chunks do not matter."""

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
