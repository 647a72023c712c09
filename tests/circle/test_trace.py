"""A trace walks back to the idea and forward to the money, and never wanders off."""

from datetime import UTC, datetime

import pytest

from pomona.circle.records import TraceEdge, TraceNode
from pomona.circle.trace import LIMIT, Describe, Described, Tracer
from pomona.cli.lineage import own_line
from pomona.core.errors import NotFound
from pomona.core.records import Link

AT = datetime(2026, 1, 1, tzinfo=UTC)
RUN = "a" * 32
STAGES = {
    "prd": "serving",
    "mv": "registry",
    "run": "training",
    "ver": "data",
    "dat": "data",
    "hyp": "business",
    "dec": "business",
    "bld": "data",
    "apr": "registry",
}
BEFORE = {"ver_3": "ver_2"}  # the version before, in the same dataset


class Links:
    """A ledger that knows only links."""

    def __init__(self, *sentences: str) -> None:
        self._links = [
            Link(source=source, relation=relation, target=target, at=AT)
            for source, relation, target in (sentence.split() for sentence in sentences)
        ]

    def links(self, record_ids: list[str]) -> list[Link]:
        return [link for link in self._links if {link.source, link.target} & set(record_ids)]


def describe(kind: str, *edges: TraceEdge, neighbours: tuple[TraceNode, ...] = ()) -> Describe:
    def show(record_id: str) -> Described:
        if record_id.endswith("gone"):
            raise NotFound("gone")
        node = TraceNode(id=record_id, kind=kind, stage=STAGES[kind], title=record_id)  # type: ignore[arg-type]
        before = BEFORE.get(record_id)
        return Described(node=node, edges=list(edges), neighbours=list(neighbours), before=before)

    return show


def tracer(*sentences: str) -> Tracer:
    money = TraceNode(id="prd_1/value", kind="money", stage="serving", title="+40 USD")
    own = (
        TraceEdge(source="prd_1", relation="answered_by", target="mv_1"),
        TraceEdge(source="prd_1", relation="led_to", target="prd_1/value"),
    )
    kinds = {kind: describe(kind) for kind in STAGES}
    kinds["prd"] = describe("prd", *own, neighbours=(money,))
    return Tracer(Links(*sentences), kinds)  # type: ignore[arg-type]


CIRCLE = (
    f"{RUN} produced mv_1",
    f"{RUN} trained_on ver_3",
    f"{RUN} tests hyp_1",
    f"{RUN} used_code {'c' * 64}",
    "ver_3 belongs_to dat_1",
    "ver_3 derived_from ver_2",
    "ver_2 belongs_to dat_1",
    "dec_1 decided hyp_1",
    f"{'b' * 32} trained_on ver_3",
    "mv_2 belongs_to mdl_1",
)


def test_a_prediction_leads_back_to_data_code_and_idea_and_forward_to_money() -> None:
    found = tracer(*CIRCLE).trace("prd_1")
    ids = {node.id for node in found.nodes}
    assert ids == {"prd_1", "prd_1/value", "mv_1", RUN, "ver_3", "dat_1", "hyp_1", "dec_1", "c" * 64}
    assert found.path[0] == "prd_1"
    assert (
        found.path.index("mv_1")
        < found.path.index(RUN)
        < found.path.index("ver_3")
        < found.path.index("hyp_1")
    )
    assert not found.cut


def test_it_does_not_wander_into_what_only_shares_the_data() -> None:
    ids = {node.id for node in tracer(*CIRCLE).trace("prd_1").nodes}
    assert "b" * 32 not in ids
    assert "ver_2" not in ids


def test_a_version_names_the_one_it_came_from() -> None:
    assert "ver_2" in {node.id for node in tracer(*CIRCLE).trace("ver_3").nodes}


def test_a_version_made_by_a_mart_leads_to_the_sql_and_to_every_input() -> None:
    found = tracer(
        *CIRCLE, "ver_3 derived_from ver_8", "ver_3 derived_from ver_9", "bld_1 produced ver_3"
    ).trace("prd_1")
    ids = {node.id for node in found.nodes}
    assert {"ver_8", "ver_9", "bld_1"} <= ids
    assert "ver_2" not in ids


def test_a_record_that_is_gone_is_named_not_fatal() -> None:
    found = tracer(f"{RUN} trained_on ver_gone").trace(RUN)
    assert "ver_gone" in {node.id for node in found.nodes}


@pytest.mark.parametrize("record_id", ["", "champion", "xyz_1", "hyp_gone"])
def test_what_is_no_record_is_not_found(record_id: str) -> None:
    with pytest.raises(NotFound):
        tracer().trace(record_id)


def test_a_huge_neighbourhood_is_cut_and_says_so() -> None:
    found = tracer(*(f"{RUN} trained_on ver_{number}" for number in range(LIMIT + 50))).trace(RUN)
    assert found.cut
    assert len(found.nodes) == LIMIT


def test_a_decision_leads_to_who_approved_the_version_that_made_it() -> None:
    said = ("apr_1 evidence mv_1", "apr_2 evidence mv_2", "dec_9 evidence mv_1")
    found = tracer(*CIRCLE, *said).trace("prd_1")
    ids = {node.id for node in found.nodes}
    assert "apr_1" in ids
    assert not {"apr_2", "dec_9"} & ids  # of another version; a decision that only cites it
    assert "apr_1" in own_line(found)
