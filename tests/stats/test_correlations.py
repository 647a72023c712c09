"""Coefficients equal NumPy's on the rows that have both values, however the rows are cut."""

import numpy as np
import pytest

from pomona.stats.correlations import Comoments
from pomona.stats.records import Correlations


def found(columns: dict[str, np.ndarray], *, cuts: int = 1) -> Correlations:
    sums = Comoments(list(columns))
    for part in np.array_split(np.arange(len(next(iter(columns.values())))), cuts):
        sums.add([values[part] for values in columns.values()])
    return sums.finish()


@pytest.mark.parametrize("cuts", [1, 2, 7])
def test_each_pair_is_over_the_rows_that_have_both(cuts: int) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(1e9, 1, 40_000)
    y = x + rng.normal(0, 2, x.size)
    z = np.where(rng.random(x.size) < 0.3, np.nan, -y + rng.normal(0, 1, x.size))
    w = np.where(rng.random(x.size) < 0.3, np.nan, rng.normal(0, 1, x.size))
    names = {"x": x, "y": y, "z": z, "w": w}
    result = found(names, cuts=cuts)
    assert result.columns == tuple(names)
    for i, a in enumerate(names.values()):
        for j, b in enumerate(names.values()):
            both = np.isfinite(a) & np.isfinite(b)
            assert result.pearson[i][j] == pytest.approx(np.corrcoef(a[both], b[both])[0, 1], abs=1e-5)


def test_what_does_not_vary_has_no_coefficient() -> None:
    result = found({"x": np.arange(5.0), "c": np.full(5, 0.1), "n": np.full(5, np.nan)})
    assert result.pearson == ((1.0, None, None), (None, None, None), (None, None, None))
