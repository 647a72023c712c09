"""What is told first: the last real events on the home page, a record's own line in a terminal."""

from datetime import UTC, datetime

from pomona.circle.records import Trace, TraceEdge, TraceNode
from pomona.circle.state import told_once
from pomona.cli.lineage import own_line
from pomona.core.records import Entry


def entry(seq: int, kind: str, subject: str) -> Entry:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Entry(seq=seq, type=kind, subject=subject, actor="loop", at=at, data={}, prev_hash="", hash="")


def test_what_comes_all_the_time_does_not_hide_what_happened_before() -> None:
    batches = [entry(9 - n, "serving.outcomes_recorded", f"end_{n % 2}") for n in range(6)]
    decided = entry(2, "releases.decided", "rel_1"), entry(1, "releases.decided", "rel_1")
    assert [one.seq for one in told_once([*batches, *decided])] == [9, 8, 2, 1]


def test_the_line_of_a_prediction_leaves_out_the_rival_of_its_release() -> None:
    kinds = {
        "prd_1": "serving",
        "rel_1": "releases",
        "mv_1": "registry",
        "mv_2": "registry",
        "run_1": "training",
        "run_2": "training",
        "hyp_1": "business",
        "dec_1": "business",
        "inc_1": "monitoring",
    }
    said = [
        *(("prd_1", "answered_by", "mv_1"), ("prd_1", "answered_under", "rel_1")),
        *(("rel_1", "challenges", "mv_2"), ("run_1", "produced", "mv_1"), ("run_2", "produced", "mv_2")),
        *(("run_1", "tests", "hyp_1"), ("dec_1", "decided", "hyp_1"), ("inc_1", "caused", "run_2")),
    ]
    trace = Trace(
        root="prd_1",
        nodes=[TraceNode(id=name, kind="x", stage=stage, title=name) for name, stage in kinds.items()],  # type: ignore[arg-type]
        edges=[TraceEdge(source=source, relation=how, target=target) for source, how, target in said],
        path=list(kinds),
    )
    assert own_line(trace) == ["prd_1", "rel_1", "mv_1", "run_1", "hyp_1", "dec_1"]
