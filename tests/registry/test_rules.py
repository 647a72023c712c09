"""References, manifests, and the gate as a pure rule."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pomona.core.errors import Invalid, Refused
from pomona.registry.records import Direction, GateDecision, ModelFile, Score
from pomona.registry.rules import (
    check_alias,
    check_champion,
    decide_gate,
    logged_score,
    manifest_digest,
    parse_ref,
)

VALUES = st.floats(-1e6, 1e6)
MV = "mv_" + "0" * 26


def score(value: float, **more: object) -> Score:
    return Score(metric="roc_auc", value=value, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ref", "field", "value"),
    [
        (MV, "id", MV),
        ("models:/scorer/3", "number", 3),
        ("scorer/3", "number", 3),
        ("scorer@champion", "alias", "champion"),
        ("models:/scorer@champion", "alias", "champion"),
        ("scorer", "alias", "latest"),
        ("models:/scorer/latest", "alias", "latest"),
        ("models:/scorer/Production", "stage", "Production"),
    ],
)
def test_a_reference_is_read(ref: str, field: str, value: object) -> None:
    assert getattr(parse_ref(ref), field) == value


@pytest.mark.parametrize("ref", ["", "models:/", "a/b/c", "scorer@", "@x", "scorer/x"])
def test_what_is_no_reference_is_refused_with_the_forms(ref: str) -> None:
    with pytest.raises(Invalid, match="name@champion"):
        parse_ref(ref)


@given(
    st.permutations([ModelFile(path=p, digest=d * 64, size=i) for i, (p, d) in enumerate(("xa", "yb", "zc"))])
)
def test_the_digest_does_not_depend_on_the_order_of_files(files: list[ModelFile]) -> None:
    assert manifest_digest(files) == manifest_digest(files[::-1])


def test_the_digest_changes_with_path_bytes_and_size() -> None:
    base = ModelFile(path="a", digest="0" * 64, size=1)
    other = [
        ModelFile(path="b", digest="0" * 64, size=1),
        ModelFile(path="a", digest="1" * 64, size=1),
        ModelFile(path="a", digest="0" * 64, size=2),
    ]
    assert len({manifest_digest([file]) for file in [base, *other]}) == 4


@given(VALUES, VALUES, st.sampled_from(["higher", "lower"]))
def test_the_better_one_passes_and_never_both(one: float, two: float, direction: Direction) -> None:
    forth = decide_gate(score(one), score(two), target=None, direction=direction)
    back = decide_gate(score(two), score(one), target=None, direction=direction)
    assert not (forth.passed and back.passed)
    assert (forth.passed or back.passed) == (one != two)


@given(VALUES, VALUES, st.floats(0.0, 1e3))
def test_a_margin_only_makes_it_harder(one: float, two: float, margin: float) -> None:
    free = decide_gate(score(one), score(two), target=None, direction="higher")
    strict = decide_gate(score(one), score(two), target=None, direction="higher", minimum_improvement=margin)
    assert free.passed or not strict.passed


def test_the_first_one_must_reach_the_target() -> None:
    assert decide_gate(score(0.75), None, target=0.7, direction="higher").passed
    missed = decide_gate(score(0.65), None, target=0.7, direction="higher")
    assert (missed.passed, missed.reason) == (False, "roc_auc 0.65, target 0.7 not reached")
    assert decide_gate(score(2.0), None, target=3.0, direction="lower").passed


def test_reaching_the_target_does_not_help_who_loses_to_the_champion() -> None:
    said = decide_gate(score(0.75), score(0.8), target=0.7, direction="higher")
    assert not said.passed
    assert "does not beat the champion's 0.8 by -0.05" in said.reason
    assert "target 0.7 reached" in said.reason


def test_scores_on_different_data_are_not_compared() -> None:
    said = decide_gate(
        score(0.9, data_version="ver_a"), score(0.5, data_version="ver_b"), target=None, direction="higher"
    )
    assert not said.passed
    assert "not comparable" in said.reason


def test_what_could_not_be_measured_does_not_pass() -> None:
    assert not decide_gate(score(math.nan), None, target=None, direction="higher").passed


def test_what_is_no_better_than_no_model_does_not_pass() -> None:
    said = decide_gate(score(0.5), score(0.4), target=0.7, direction="higher", baseline=0.5)
    assert not said.passed
    assert "baseline" in said.reason


def test_a_hold_out_score_goes_before_the_training_score() -> None:
    assert logged_score({"roc_auc": 0.9, "holdout_roc_auc": 0.7}, "roc_auc") == ("holdout_roc_auc", 0.7)
    with pytest.raises(Refused, match="the run logged: rmse"):
        logged_score({"rmse": 1.0}, "roc_auc")


def test_a_governed_champion_needs_its_gate() -> None:
    check_champion(governed=False, gate=None, force=None)
    check_champion(governed=True, gate=GateDecision(passed=True, reason=""), force=None)
    check_champion(governed=True, gate=None, force="the old one breaks on new planes")
    with pytest.raises(Refused, match="not checked"):
        check_champion(governed=True, gate=None, force=None)
    with pytest.raises(Refused, match="lost by far"):
        check_champion(governed=True, gate=GateDecision(passed=False, reason="lost by far"), force=None)
    with pytest.raises(Invalid, match="needs a reason"):
        check_champion(governed=True, gate=None, force=" ")


@pytest.mark.parametrize("alias", ["", "v3", "latest", "a b", "a@b"])
def test_aliases_that_mean_something_else_are_refused(alias: str) -> None:
    with pytest.raises(Invalid):
        check_alias(alias)


@pytest.mark.parametrize(
    "number", ["9" * 5000, "9" * 10, "\u00b2", "\u0663", "-1", "1e3", "0x1", "1_0", " 1"]
)
def test_a_number_that_no_version_has_is_no_reference(number: str) -> None:
    with pytest.raises(Invalid, match="names no model version") as caught:
        parse_ref(f"late/{number}")
    assert caught.value.hint
