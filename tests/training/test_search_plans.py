"""Searching runs: however it is begun, the page is the one that a search in plain Python gives."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cmp_to_key
from operator import eq, ge, gt, le, lt, ne
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pomona.training.records.runs import Metric, Run, SearchRuns, View
from pomona.training.records.search import Comparison, SortKey
from pomona.training.rules.filters import RUNS, parse_filter, parse_order
from pomona.training.service.tracking import TrackingService
from pomona.training.store import finding
from pomona.training.store.statements import beyond

LONG = "x" * 70
VALUES = ["a", "ab", "abc", "b", LONG, LONG + "y", "é", "\U0010ffff", ""]
NUMBERS = [0.0, -1.0, 0.5, 0.5, 2.0, math.nan, math.inf]
COMPARE: dict[str, Callable[[Any, Any], bool]] = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


@pytest.fixture
def many(tracking: TrackingService) -> list[Run]:
    """60 runs in two experiments that share many values, some without a metric, a param or a tag."""
    homes = [tracking.experiments.create(name) for name in ("one", "two")]
    made = []
    for number in range(60):
        run = tracking.start(
            homes[number % 3 == 0], name="n" + VALUES[number % 4], start_ms=1000 + number // 4
        )
        metrics = [
            Metric(key=key, value=NUMBERS[number * by % 7], timestamp=5, step=0)
            for key, by in (("m", 1), ("k", 3))
            if number % (4 + by)
        ]
        params = [("p", VALUES[number % 9])] if number % 5 else []
        tags = [("t", VALUES[number % 2]), ("mlflow.user", "ada")] if number % 7 else []
        tracking.log(run.id, metrics=metrics, params=params, tags=tags)
        if number % 3:
            tracking.update(run.id, status=("FAILED", "FINISHED")[number % 2], end_ms=9000 - number)
        if number % 11 == 10:
            tracking.delete(run.id)
        made.append(tracking.run(run.id))
    return made


@st.composite
def filters(draw: st.DrawFn) -> str:
    """One condition."""
    kind = draw(st.sampled_from(["metric", "pair", "pair", "attribute", "null"]))
    if kind == "metric":
        key, op = draw(st.sampled_from("mkx")), draw(st.sampled_from([*COMPARE]))
        return f"metrics.{key} {op} {draw(st.sampled_from([0, 0.5, -1, 7]))}"
    name = draw(st.sampled_from(["params.p", "tags.t", "params.x", "tags.`mlflow.user`"]))
    if kind == "null":
        return f"{name} {draw(st.sampled_from(['IS NULL', 'IS NOT NULL']))}"
    if kind == "attribute":
        name = draw(st.sampled_from(["attributes.run_name", "attributes.status"]))
    if draw(st.booleans()) and kind == "attribute":
        return draw(
            st.sampled_from(["attributes.start_time > 1007", "end_time <= 8970", "start_time = 1003"])
        )
    value = draw(st.sampled_from([*VALUES, "na", "FAILED", "ada"]))
    op = draw(st.sampled_from(["=", "!=", "LIKE", "ILIKE"]))
    if "LIKE" in op:
        value = draw(st.sampled_from(["{}%", "%{}%", "{}", "_{}", "{}_%", "%"])).format(value)
    return f"{name} {op} '{value}'"


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
ORDERS = st.sampled_from([["metrics.m"], ["metrics.k"], ["metrics.k", "params.p"]]) | st.lists(
    st.sampled_from(
        [
            "metrics.m",
            "metrics.k",
            "metrics.x",
            "params.p",
            "tags.t",
            "run_name",
            "status",
            "end_time",
            "start_time",
        ]
    ),
    max_size=2,
    unique=True,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_page_is_what_a_search_in_python_gives(
    tracking: TrackingService, many: list[Run], data: st.DataObject
) -> None:
    text = " AND ".join(data.draw(st.lists(filters(), max_size=2)))
    order = [f"{key} {data.draw(st.sampled_from(['ASC', 'DESC']))}" for key in data.draw(ORDERS)]
    homes = data.draw(st.sampled_from([None, None, None, ["1"], ["2"], ["1", "2"]]))
    view: View = data.draw(st.sampled_from(["ACTIVE_ONLY", "ALL"]))
    limit, offset = data.draw(st.sampled_from([1, 3, 9, 15, 25])), data.draw(st.sampled_from([0, 0, 3, 40]))
    expected = searched(many, text, order, homes, view)
    wanted = SearchRuns(experiments=homes, filter=text, order_by=order, view=view, limit=limit, offset=offset)
    with sizes(data.draw(st.sampled_from([0, 0, 5, 20])), data.draw(st.sampled_from([0, 20, 2000]))):
        found = tracking.search(wanted)
    assert [run.id for run in found.runs] == expected[offset : offset + limit]
    assert found.next_offset == (offset + limit if offset + limit < len(expected) else None)


@pytest.mark.parametrize("op", ["=", "!=", "LIKE", "ILIKE"])
def test_a_value_longer_than_what_the_index_knows_of_it_is_found(
    tracking: TrackingService, many: list[Run], op: str
) -> None:
    for value in (LONG, LONG + "y", LONG[:-1], LONG + "%", LONG[:64] + "%"):
        text = f"params.p {op} '{value}'"
        with sizes(50, 50):
            found = tracking.search(SearchRuns(experiments=None, filter=text, limit=100))
        assert [run.id for run in found.runs] == searched(many, text, [], None, "ACTIVE_ONLY")
    assert any(LONG in run.params.get("p", "") for run in many)


@given(TEXTS, TEXTS)
def test_nothing_that_begins_so_lies_beyond(begin: str, other: str) -> None:
    end = beyond(begin)
    within = begin.encode() <= other.encode() and (end is None or other.encode() < end.encode())
    assert within == other.startswith(begin)


@contextmanager
def sizes(few: int, many: int) -> Iterator[None]:
    """Few runs as if they were many: the ways to begin are those of a large store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finding, "FEW", few)
        patch.setattr(finding, "MANY", many)
        patch.setattr(finding, "WINDOW", 4)
        yield


def searched(runs: list[Run], text: str, order: list[str], homes: list[str] | None, view: str) -> list[str]:
    """The ids of all runs that match, in order."""
    conditions = parse_filter(text, RUNS)
    left = [
        run
        for run in runs
        if (homes is None or run.experiment in homes)
        and (view == "ALL" or run.state == "active")
        and all(meets(run, one) for one in conditions)
    ]
    keys = [parse_order(item, RUNS) for item in order]
    if all(key.key != "start_time" for key in keys):
        keys.append(SortKey(entity="attribute", key="start_time", ascending=False))
    left.sort(key=lambda run: run.id)
    for key in reversed(keys):
        left.sort(key=cmp_to_key(lambda a, b, key=key: compared(a, b, key)))  # type: ignore[misc]
    return [run.id for run in left]


def compared(a: Run, b: Run, key: SortKey) -> int:
    """Like ``cmp``: runs without a value last, before them those with one that is no number."""
    one, other = value_of(a, key.entity, key.key), value_of(b, key.entity, key.key)
    ranks = [2 if value is None else int(value != value) for value in (one, other)]
    if ranks[0] != ranks[1]:
        return ranks[0] - ranks[1]
    if ranks[0]:
        return 0
    if isinstance(one, str):
        one, other = one.encode(), other.encode()
    return (int(one > other) - int(one < other)) * (1 if key.ascending else -1)


def meets(run: Run, one: Comparison) -> bool:
    """Whether a run meets a condition."""
    value, wanted = value_of(run, one.entity, one.key), one.value
    if one.op in ("IS NULL", "IS NOT NULL"):
        return (value is None) == (one.op == "IS NULL")
    if value is None:
        return False
    if one.op in ("LIKE", "ILIKE"):
        return like(value, str(wanted), fold=one.op == "ILIKE")
    if value != value:
        return one.op == "!="
    return COMPARE[one.op](value, wanted)


def like(value: str, pattern: str, *, fold: bool) -> bool:
    """LIKE by its definition."""
    if not pattern:
        return not value
    if pattern[0] == "%":
        return any(like(value[start:], pattern[1:], fold=fold) for start in range(len(value) + 1))
    if not value:
        return False
    first, wanted = value[0], pattern[0]
    if fold and first.isascii() and wanted.isascii():
        first, wanted = first.lower(), wanted.lower()
    return wanted in ("_", first) and like(value[1:], pattern[1:], fold=fold)


def value_of(run: Run, entity: str, key: str) -> Any:
    """What a run has under a name."""
    if entity == "metric":
        found = [metric.value for metric in run.metrics if metric.key == key]
        return found[0] if found else None
    if entity in ("parameter", "tag"):
        return (run.params if entity == "parameter" else run.tags).get(key)
    at = {"start_time": run.started_at, "end_time": run.ended_at}
    if key in at:
        moment = at[key]
        return None if moment is None else round(moment.timestamp() * 1000)
    return {"run_name": run.name, "status": run.status}[key]
