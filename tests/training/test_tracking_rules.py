"""Paths, pages, sampling and names of tracking."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pomona.core.errors import Invalid
from pomona.training.rules.names import generated_name
from pomona.training.rules.paging import offset_from, token_for
from pomona.training.rules.paths import SHARED, address_of, address_of_uri, run_uri, safe_path
from pomona.training.rules.sampling import even_picks, thin

RUN = "ab" * 16
PART = st.text(
    st.characters(exclude_characters="/\\%:", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12
)


@given(st.lists(PART.filter(lambda part: part not in (".", "..")), min_size=1, max_size=5))
def test_an_honest_path_comes_back_whole(parts: list[str]) -> None:
    path = "/".join(parts)
    assert safe_path(path) == path
    found = address_of(f"7/{RUN}/artifacts/{path}")
    assert (found.root, found.path) == (RUN, path)


@given(st.text(max_size=60))
def test_what_passes_never_climbs(text: str) -> None:
    try:
        path = safe_path(text)
    except Invalid:
        return
    assert not path.startswith("/")
    assert ".." not in path.split("/")
    assert "\\" not in path


def test_a_runs_address_leads_back_to_it() -> None:
    found = address_of_uri(run_uri("mlflow-artifacts:/3", RUN))
    assert found is not None
    assert (found.root, found.path) == (RUN, "")
    assert address_of_uri("s3://bucket/x") is None
    assert address_of("somewhere/else").root == SHARED


@given(st.integers(1, 2**61))
def test_a_page_token_keeps_its_offset(offset: int) -> None:
    assert offset_from(token_for(offset)) == offset


@given(st.integers(0, 500), st.integers(1, 50))
def test_even_picks_keep_both_ends_and_the_limit(total: int, limit: int) -> None:
    picks = even_picks(total, limit)
    assert len(picks) == min(total, limit)
    assert picks == sorted(set(picks))
    if total:
        assert picks[-1] == total - 1
        assert picks[0] == 0 or limit == 1


@given(st.lists(st.floats(allow_infinity=False), max_size=300), st.integers(4, 60))
def test_thinning_keeps_order_both_ends_and_every_extreme(values: list[float], limit: int) -> None:
    points = list(enumerate(values))
    kept = thin(points, values, limit)
    assert len(kept) <= max(limit, 4)
    assert [index for index, _ in kept] == sorted(index for index, _ in kept)
    if values:
        assert kept[0] == points[0]
        assert kept[-1][0] == points[-1][0]
    real = [value for value in values if not math.isnan(value)]
    if real:
        assert max(value for _, value in kept if not math.isnan(value)) == max(real)
        assert min(value for _, value in kept if not math.isnan(value)) == min(real)


@given(st.binary(min_size=6, max_size=6))
def test_a_generated_name_is_plain(entropy: bytes) -> None:
    adjective, noun, number = generated_name(entropy).split("-")
    assert adjective.isalpha()
    assert noun.isalpha()
    assert 0 <= int(number) < 1000


@pytest.mark.parametrize("path", ["a/../b", "..", "/a", "a\\b", "a//b", "%2e%2e", "x" * 1001])
def test_odd_paths_are_refused(path: str) -> None:
    with pytest.raises(Invalid):
        safe_path(path)
