"""The quantile is SciPy's."""

import pytest
from scipy import special

from pomona.stats.chi_square import chi_square_quantile


@pytest.mark.parametrize("degrees", [1, 2, 3, 9, 20, 21, 64, 500, 5000])
@pytest.mark.parametrize("level", [0.05, 0.5, 0.95, 0.999, 0.99999])
def test_it_is_scipys(degrees: int, level: float) -> None:
    assert chi_square_quantile(degrees, level) == pytest.approx(special.chdtri(degrees, 1 - level), rel=1e-10)


@pytest.mark.parametrize(("degrees", "level"), [(0, 0.5), (1, 0.0), (1, 1.0)])
def test_what_has_no_quantile_is_refused(degrees: int, level: float) -> None:
    with pytest.raises(ValueError, match="no quantile"):
        chi_square_quantile(degrees, level)
