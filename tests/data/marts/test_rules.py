"""Purposes, cycles, and what makes a build worth doing again."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from pomona.core.errors import Invalid, Refused
from pomona.data.marts.records import Mart, MartBuild, NewMart
from pomona.data.marts.rules import marts as rules

AT = datetime(2026, 1, 1, tzinfo=UTC)
MART = Mart(
    id="mrt_1",
    name="features",
    dataset_id="dat_1",
    sql="select * from loans",
    inputs=("loans", "credit/pay@v3"),
    created_at=AT,
    created_by="ana",
    changed_at=AT,
    changed_by="ana",
)
CONTENTS = {"loans": "a" * 64, "credit/pay@v3": "b" * 64}


def build(**changes: Any) -> MartBuild:
    made = MartBuild(
        id="bld_1",
        mart="features",
        mart_id="mrt_1",
        revision=1,
        sql=MART.sql,
        state="built",
        reason="",
        job="job_1",
        inputs_digest=rules.inputs_digest(MART, CONTENTS),
        started_at=AT,
        by="ana",
    )
    return msgspec.structs.replace(made, **changes)


def test_a_mart_may_serve_what_all_its_inputs_may() -> None:
    inputs = {"loans": ("scoring", "research"), "pay": ("billing", "scoring"), "cities": ()}
    assert rules.purposes_of(inputs, ()) == ("scoring",)
    assert rules.purposes_of(inputs, ("scoring",)) == ("scoring",)
    assert rules.purposes_of({"cities": ()}, ()) == ()
    assert rules.purposes_of({"cities": ()}, ("planning",)) == ("planning",)


@pytest.mark.parametrize(
    ("inputs", "narrowed", "says"),
    [
        ({"loans": ("scoring",), "pay": ("billing",)}, (), "no purpose is shared"),
        ({"loans": ("scoring",)}, ("marketing",), "'marketing'"),
        ({"loans": ("scoring", "research"), "pay": ("scoring",)}, ("research",), "'research'"),
    ],
)
def test_a_purpose_never_widens_on_the_way(inputs: Any, narrowed: Any, says: str) -> None:
    with pytest.raises(Refused, match=says) as caught:
        rules.purposes_of(inputs, narrowed)
    assert caught.value.hint


def test_a_mart_is_not_built_from_itself() -> None:
    there = {"a": ["b", "raw"], "b": ["c@v1"], "c": ["raw"]}
    rules.check_acyclic("d", ["a", "b", "raw"], there)
    for name, inputs in (("c", ["a"]), ("x", ["x"]), ("x", ["x@v1"]), ("raw", ["c"])):
        with pytest.raises(Refused, match="built from itself") as caught:
            rules.check_acyclic(name, inputs, there)
        assert caught.value.detail.count("<-") >= 1


@pytest.mark.parametrize(
    ("name", "pinned"),
    [
        ("loans", False),
        ("loans@latest", False),
        ("loans@newest", False),
        ("loans@v3", True),
        ("loans@abcdef12", True),
    ],
)
def test_a_version_that_is_named_does_not_float(name: str, pinned: bool) -> None:
    assert rules.is_pinned(name) is pinned


def test_only_floating_inputs_start_a_build() -> None:
    assert rules.floating(MART) == {"loans"}


def test_a_build_is_worth_it_when_sql_or_content_changed() -> None:
    same = rules.inputs_digest(MART, CONTENTS)
    assert same == rules.inputs_digest(MART, dict(reversed(CONTENTS.items())))
    assert not rules.is_stale(same, build())
    assert not rules.is_stale(same, build(state="failed"))  # it would fail again
    assert rules.is_stale(same, None)
    assert rules.is_stale(same, build(state="cancelled"))
    other = [
        rules.inputs_digest(MART, CONTENTS | {"loans": "c" * 64}),
        rules.inputs_digest(msgspec.structs.replace(MART, sql="select id from loans"), CONTENTS),
        rules.inputs_digest(msgspec.structs.replace(MART, key=("id",)), CONTENTS),
    ]
    assert all(rules.is_stale(digest, build()) for digest in other)
    assert len({same, *other}) == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"rebuild": "cron"},
        {"cron": "0 3 * * *"},
        {"timeout_s": 0.0},
        {"timeout_s": 1e9},
        {"timeout_s": float("nan")},
    ],
)
def test_a_declaration_that_cannot_work_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as caught:
        rules.check_mart(NewMart(name="m", sql="select 1", **changes))
    assert caught.value.hint


def test_what_changes_by_itself_is_warned_about() -> None:
    [found] = rules.reproducibility({"now", "sum", "random"})
    assert (found.kind, "now(), random()" in found.message) == ("not_reproducible", True)
    assert rules.reproducibility({"sum", "date_trunc"}) == []
