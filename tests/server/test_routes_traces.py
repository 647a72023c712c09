"""Traces and evaluation datasets over our own API, from the SDK and the CLI."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from pomona.app import open_app
from pomona.cli.main import app as commands
from pomona.core.errors import Conflict, Invalid, NotFound
from pomona.sdk.client import Client, connect
from pomona.training.evaluation.records import NewRow
from pomona.training.records.runs import DatasetInput
from pomona.training.traces.records import Span, SpanBatch

MS = 1_000_000
TRACE = "tr-" + "ab" * 16
OTHER = "tr-" + "cd" * 16


def spans(trace: str, *, failed: bool) -> list[Span]:
    """A root with a chat below it."""
    root = Span(
        trace_id=trace,
        span_id="a" * 16,
        name="answer",
        type="AGENT",
        start_ns=1_000 * MS,
        end_ns=1_500 * MS,
        status="ERROR" if failed else "OK",
        attributes={
            "mlflow.spanInputs": {"question": "Why?"},
            "mlflow.spanOutputs": "So.",
            "session.id": "s1",
        },
    )
    usage = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}
    boom = {"exception.type": "ValueError", "exception.message": "too long"}
    chat = Span(
        trace_id=trace,
        span_id="b" * 16,
        parent="a" * 16,
        name="chat",
        type="CHAT_MODEL",
        start_ns=1_100 * MS,
        end_ns=1_400 * MS,
        status="ERROR" if failed else "OK",
        attributes={"mlflow.spanInputs": [{"role": "user"}], "mlflow.chat.tokenUsage": usage, "t": 0.5},
        events=[{"name": "exception", "time_ns": 1_400 * MS, "attributes": boom}] if failed else [],
    )
    return [root, chat]


@pytest.fixture
def dataset(tmp_path: Path) -> str:
    """A run with a good trace, a trace outside of it that failed; the id of a dataset that the run read."""
    opened = open_app(tmp_path)
    run = opened.tracking.start(name="nightly", tags={})
    traces, evaluations = opened.companions.traces, opened.companions.evaluations
    traces.ingest("0", [SpanBatch(spans=spans(TRACE, failed=False))], run_id=run.id)
    traces.ingest("0", [SpanBatch(spans=spans(OTHER, failed=True))])
    traces.set_tag(TRACE, "team", "a")
    made = evaluations.create("questions", experiment_ids=["0"], tags={"team": "a"})
    rows = [NewRow(inputs={"question": f"q{n}"}, expectations={"answer": n}) for n in range(120)]
    evaluations.merge(made.id, rows)
    read = DatasetInput(
        name="questions", digest=made.digest, source_type="x", source=f'{{"dataset_id": "{made.id}"}}'
    )
    opened.tracking.log_inputs(run.id, [read])
    opened.close()
    return made.id


@pytest.fixture
def client(tmp_path: Path, dataset: str) -> Iterator[Client]:
    with connect(home=tmp_path) as found:
        yield found


def test_traces_are_listed_filtered_and_shown(client: Client) -> None:
    found = {trace.id: trace for trace in client.traces.list()}
    assert set(found) == {TRACE, OTHER}
    assert (found[TRACE].name, found[TRACE].named, found[TRACE].session) == ("answer", False, "s1")
    tokens = found[TRACE].tokens
    assert tokens is not None
    assert (tokens.total, found[TRACE].duration_ms) == (7, 500)
    assert [t.id for t in client.traces.list(filter="trace.status = 'ERROR'", experiment="Default")] == [
        OTHER
    ]
    run = next(client.runs.list()).id
    assert [t.id for t in client.traces.list(run=run)] == [TRACE]
    assert [t.id for t in client.traces.list(order_by="trace.request_id DESC", limit=1)] == [OTHER]
    detail = client.traces.get(TRACE[:11])
    assert (detail.experiment_name, detail.runs, detail.whole) == ("Default", [run], True)
    assert [(line.name, line.depth, line.start_ms) for line in detail.spans] == [
        ("answer", 0, 0),
        ("chat", 1, 100),
    ]
    assert client.session.get(f"/api/v1/traces/{TRACE}/model-versions", list[dict[str, str]]) == []


def test_a_span_shows_what_it_held(client: Client) -> None:
    held = client.traces.span(OTHER, "b" * 16)
    assert (held.inputs, held.outputs, held.span.error) == ([{"role": "user"}], None, "ValueError: too long")
    assert held.attributes["t"] == 0.5
    assert held.events[0].at_ms == 400


def test_what_is_asked_wrongly_is_refused_with_a_hint(client: Client) -> None:
    with pytest.raises(NotFound):
        client.traces.get("tr-none")
    with pytest.raises(NotFound):
        client.traces.span(TRACE, "0" * 16)
    for text in ("oops", "trace.colour = 'red'", "trace.status ="):
        with pytest.raises(Invalid):
            list(client.traces.list(filter=text))
    with pytest.raises(Invalid):
        client.session.call("GET", "/api/v1/traces?cursor=x")
    with pytest.raises(Invalid):
        client.session.call("GET", "/api/v1/traces?limit=501")


def test_the_beginning_of_an_id_must_be_of_one_trace(tmp_path: Path, dataset: str) -> None:
    opened = open_app(tmp_path)
    twin = f"{TRACE[:-1]}0"
    opened.companions.traces.ingest("0", [SpanBatch(spans=spans(twin, failed=False))])
    opened.close()
    with connect(home=tmp_path) as client:
        with pytest.raises(Conflict, match="several"):
            client.traces.get(TRACE[:11])
        assert client.traces.get(twin).trace.id == twin


def test_people_judge_change_their_mind_and_take_it_back(client: Client) -> None:
    made = client.traces.judge(TRACE, " helpful ", False, rationale="it names no day", span="b" * 16)
    assert (made.name, made.value, made.source_type, made.span_id) == ("helpful", "false", "HUMAN", "b" * 16)
    changed = client.traces.rejudge(TRACE, made.id, True, rationale="it does")
    assert (changed.value, changed.rationale) == ("true", "it does")
    assert [t.id for t in client.traces.list(filter="feedback.helpful = 'true'")] == [TRACE]
    client.traces.judge(OTHER, "answer", {"text": "So."}, kind="expectation")
    names = client.traces.names()
    assert (names.feedback, names.expectations, names.tags) == (["helpful"], ["answer"], ["team"])
    client.traces.withdraw(TRACE, made.id)
    assert client.traces.get(TRACE).trace.assessments == []
    for bad in (("", True), ("helpful", None)):
        with pytest.raises(Invalid):
            client.traces.judge(TRACE, *bad)
    with pytest.raises(NotFound):
        client.traces.judge(TRACE, "helpful", True, span="0" * 16)
    with pytest.raises(NotFound):
        client.traces.withdraw(TRACE, made.id)


def test_frames_have_a_row_for_each_trace_or_span(client: Client, tmp_path: Path) -> None:
    client.traces.judge(TRACE, "score", 0.5)
    traces = client.traces.frame().to_polars()
    assert traces.height == 2
    row = traces.row(by_predicate=pl.col("trace_id") == TRACE, named=True)
    assert (row["feedback.score"], row["tags.team"], row["total_tokens"]) == ("0.5", "a", 7)
    held = client.traces.spans(trace=OTHER).to_polars()
    assert held["name"].to_list() == ["answer", "chat"]
    assert held["error"].to_list() == ["failed", "ValueError: too long"]
    assert held["inputs"].to_list()[0] == '{"question":"Why?"}'
    written = client.traces.export(tmp_path / "spans.parquet", rows="spans", filter="trace.status = 'OK'")
    assert pl.read_parquet(written).height == 2
    assert client.traces.frame(filter="trace.status = 'IN_PROGRESS'").to_polars().height == 0
    with pytest.raises(Invalid, match="no kind of table"):
        client.traces.export(tmp_path / "traces.xlsx")
    assert not list(tmp_path.glob(".*.part"))


def test_an_evaluation_dataset_shows_its_records_and_who_reads_it(
    client: Client, dataset: str, tmp_path: Path
) -> None:
    assert [(one.name, one.rows) for one in client.evaluations.list(filter="tags.team = 'a'")] == [
        ("questions", 120)
    ]
    assert list(client.evaluations.list(experiment="7")) == []
    detail = client.evaluations.get(dataset)
    assert (detail.experiments, [use.name for use in detail.runs]) == ({"0": "Default"}, ["nightly"])
    rows = list(client.evaluations.records(dataset))
    assert {row.inputs["question"] for row in rows} == {f"q{n}" for n in range(120)}
    frame = client.evaluations.frame(dataset).to_polars()
    assert (frame.height, set(frame["expectations"])) == (120, {f'{{"answer":{n}}}' for n in range(120)})
    assert client.evaluations.export(dataset, tmp_path / "q.csv").read_text().count("\n") == 121
    with pytest.raises(NotFound):
        client.evaluations.get("d-none")
    with pytest.raises(Invalid):
        client.session.call("GET", f"/api/v1/evaluations/{dataset}/records?cursor=!")


def test_every_command_prints_something_sensible(
    tmp_path: Path, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POMONA_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "160")

    def say(*words: str) -> str:
        result = CliRunner().invoke(commands, list(words), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    assert "tr-abababab" in say("traces", "ls", "-w", "tag.team = 'a'")
    drawn = say("traces", "show", OTHER[:11])
    assert "└─ chat" in drawn
    assert "█" in drawn
    assert "ValueError: too long" in drawn
    assert "question" in say("traces", "show", TRACE, "--span", "a" * 16)
    assert "helpful = false" in say("traces", "judge", TRACE, "helpful", "false", "--why", "no day")
    assert "no day" in say("traces", "show", TRACE)
    assert '"depth": 1' in say("traces", "show", TRACE, "--json")
    target = tmp_path / "bad.jsonl"
    say("traces", "export", str(target), "--rows", "spans")
    assert target.read_text().count("\n") == 4
    assert "questions" in say("evaluations", "ls")
    assert "nightly" in say("evaluations", "show", dataset)
    assert "bytes" in say("evaluations", "export", dataset, str(tmp_path / "q.parquet"))
