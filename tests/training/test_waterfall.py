"""The order of spans in a waterfall, and what its lines say."""

from hypothesis import given
from hypothesis import strategies as st

from pomona.cli.waterfalls import _stems
from pomona.training.traces import waterfall
from pomona.training.traces.records import Span, TraceInfo


def span(span_id: str, parent: str | None = None, start: int = 0, **fields: object) -> Span:
    return Span(trace_id="t", span_id=span_id, parent=parent, start_ns=start * 1_000_000, **fields)  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5)), max_size=30))
def test_every_span_stands_once_and_below_its_parent(made: list[tuple[int, int]]) -> None:
    """Whatever parents are told: missing ones, oneself, rings."""
    spans = [span(str(at), str(parent), start) for at, (parent, start) in enumerate(made)]
    lines = waterfall.lines(spans)
    assert sorted(line.span_id for line in lines) == sorted(one.span_id for one in spans)
    above: dict[str, int] = {}
    for line in lines:
        if line.parent is not None:
            assert line.depth == above[line.parent] + 1
        else:
            assert line.depth == 0
        above[line.span_id] = line.depth
    assert len(_stems(lines)) == len(lines)


def test_a_span_that_failed_says_why() -> None:
    event = {
        "name": "exception",
        "time_ns": 0,
        "attributes": {"exception.type": "KeyError", "exception.message": "x"},
    }
    [said, told, silent] = waterfall.lines(
        [
            span("a", status="ERROR", status_message="no"),
            span("b", start=1, status="ERROR", events=[event]),
            span("c", start=2, status="ERROR"),
        ]
    )
    assert [said.error, told.error, silent.error] == ["no", "KeyError: x", "failed"]


def test_the_length_reaches_to_the_last_end() -> None:
    lines = waterfall.lines(
        [span("a", end_ns=5_000_000), span("b", "a", 3, end_ns=9_500_000), span("c", "a", 7)]
    )
    assert waterfall.length_ms(lines) == 9.5
    assert [line.duration_ms for line in lines] == [5, 6.5, None]


def test_a_trace_that_names_none_is_called_as_its_first_span() -> None:
    info = TraceInfo(trace_id="t", experiment="0", started_ms=0)
    assert (waterfall.summary(info, "root").name, waterfall.summary(info, "root").named) == ("root", False)
    named = TraceInfo(trace_id="t", experiment="0", started_ms=0, tags={"mlflow.traceName": "answer"})
    assert (waterfall.summary(named, "root").name, waterfall.summary(named).named) == ("answer", True)


def test_what_clients_tell_of_tokens_may_be_nonsense() -> None:
    for told in ("no JSON", "[]", "{}", "7"):
        info = TraceInfo(
            trace_id="t", experiment="0", started_ms=10**18, metadata={"mlflow.trace.tokenUsage": told}
        )
        assert waterfall.summary(info).tokens is None


def test_branches_go_on_as_long_as_a_sibling_is_to_come() -> None:
    lines = waterfall.lines([span("a"), span("b", "a", 1), span("c", "b", 2), span("d", "a", 3)])
    assert _stems(lines) == ["", "├─ ", "│  └─ ", "└─ "]
