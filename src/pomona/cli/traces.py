"""``pomona traces``: list, show, export and judge what applications did."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import typer

from pomona.cli.console import Json, Limit, cell, client, done, out, show_one, show_rows

if TYPE_CHECKING:
    from pomona.training.traces.records import Assessment
    from pomona.training.traces.shown import SpanDetail, TraceDetail

app = typer.Typer(
    no_args_is_help=True, help="Traces of applications: what each call did, and what was judged of it."
)

Experiment = Annotated[str | None, typer.Option("--experiment", "-e", help="Id or name.")]
Run = Annotated[str | None, typer.Option("--run", help="Id of the run they were made in.")]
Where = Annotated[str, typer.Option("--where", "-w", help="As in MLflow, e.g. \"trace.status = 'ERROR'\".")]
Order = Annotated[
    str | None, typer.Option("--order", "-o", help="E.g. 'trace.execution_time_ms DESC'; default: newest.")
]
TraceId = Annotated[str, typer.Argument(help="The trace's id; its first 11 characters will do.")]


@app.command("ls")
def list_(
    experiment: Experiment = None,
    run: Run = None,
    where: Where = "",
    order: Order = None,
    limit: Limit = 30,
    json: Json = False,
) -> None:
    """List traces, newest first.

    Example: pomona traces ls -w "trace.status = 'ERROR' and trace.execution_time_ms > 2000"
    """
    with client() as pomona:
        found = pomona.traces.list(experiment=experiment, run=run, filter=where, order_by=order, limit=limit)
        show_rows(
            found,
            [
                ("trace", lambda t: t.id[:11]),
                ("name", lambda t: t.name),
                ("state", lambda t: _STATES.get(t.state, t.state)),
                ("started", lambda t: t.started_at),
                ("ms", lambda t: t.duration_ms),
                ("tokens", lambda t: None if t.tokens is None else t.tokens.total),
                ("request", lambda t: _short(t.request)),
                ("judged", lambda t: ", ".join(_verdict(one) for one in t.assessments if one.valid)),
            ],
            json=json,
            empty="no traces yet: decorate a function with @mlflow.trace, or export OpenTelemetry spans here",
        )


_STATES = {"OK": "ok", "ERROR": "failed", "IN_PROGRESS": "running"}


def _short(text: str | None, most: int = 48) -> str | None:
    return text if text is None or len(text) <= most else f"{text[: most - 1]}…"


def _verdict(item: "Assessment") -> str:
    value = msgspec.json.decode(item.value)
    said = "error" if item.error else value if isinstance(value, str) else item.value
    return f"{item.name}={_short(said, 24)}"


@app.command()
def show(
    trace_id: TraceId,
    span: Annotated[str | None, typer.Option("--span", help="Id of a span: show what it held.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Draw every span, not only the first 200.")] = False,
    json: Json = False,
) -> None:
    """Draw a trace: the tree of its spans, and when each ran.

    Example: pomona traces show tr-5a6b... --span 0123456789abcdef
    """
    with client() as pomona:
        if span is not None:
            _show_span(pomona.traces.span(trace_id, span), json=json)
            return
        found = pomona.traces.get(trace_id)
    if json:
        show_one(found, json=True)
        return
    _draw(found, most=len(found.spans) if every else 200)


def _draw(found: "TraceDetail", *, most: int) -> None:
    from pomona.cli.waterfalls import draw, took

    trace = found.trace
    state = cell(_STATES.get(trace.state, trace.state))
    out.print(
        f"[bold]{trace.name or trace.id}[/bold]  {state}  [dim]{trace.id} in {found.experiment_name}[/dim]"
    )
    facts: list[tuple[str, Any]] = [
        ("started", trace.started_at),
        ("took", took(trace.duration_ms)),
        ("run", ", ".join(found.runs)),
        ("session", trace.session),
        ("user", trace.user),
        ("tokens", trace.tokens and f"{trace.tokens.input:,} read, {trace.tokens.output:,} written"),
        ("request", _short(trace.request, 200)),
        ("response", _short(trace.response, 200)),
    ]
    for name, value in facts:
        if value:
            out.print(f"[dim]{name:>9}[/dim] ", cell(value), sep="")
    out.print()
    draw(out, found.spans, found.length_ms, most=most)
    if not found.whole:
        out.print("[yellow]some of its spans are not here yet[/yellow]")
    for item in trace.assessments:
        why = f"  [dim]{cell(item.rationale)}[/dim]" if item.rationale else ""
        out.print(
            f"[bold]{cell(item.name)}[/bold] {cell(item.value)} [dim]by {cell(item.source_id)}[/dim]{why}"
        )


def _show_span(found: "SpanDetail", *, json: bool) -> None:
    show_one(found, json=True) if json else show_one(
        {
            "name": found.span.name,
            "kind": found.span.kind,
            "took ms": found.span.duration_ms,
            "error": found.span.error,
            "inputs": found.inputs,
            "outputs": found.outputs,
            **found.attributes,
            "events": msgspec.to_builtins(found.events),
        }
    )


@app.command()
def export(
    to: Annotated[Path, typer.Argument(help="A file ending in .csv, .parquet or .jsonl.")],
    rows: Annotated[
        Literal["traces", "spans"], typer.Option(help="A row for each trace, or for each span.")
    ] = "traces",
    experiment: Experiment = None,
    run: Run = None,
    where: Where = "",
    order: Order = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="Traces, at most 200,000.")] = 10_000,
) -> None:
    """Write traces, or all their spans, to a file.

    Example: pomona traces export bad.jsonl --rows spans -w "feedback.helpful = 'false'"
    """
    with client() as pomona, out.status(f"writing {to}"):
        written = pomona.traces.export(
            to, rows=rows, experiment=experiment, run=run, filter=where, order_by=order, limit=limit
        )
    done(f"{written} ({written.stat().st_size:,} bytes)")


@app.command()
def judge(
    trace_id: TraceId,
    name: Annotated[str, typer.Argument(help="E.g. helpful.")],
    value: Annotated[str, typer.Argument(help="true, false, a number, JSON or a text.")],
    why: Annotated[str | None, typer.Option("--why", help="In a sentence.")] = None,
    expected: Annotated[bool, typer.Option("--expected", help="The value is what would be right.")] = False,
    span: Annotated[str | None, typer.Option("--span", help="Id of the span that is meant.")] = None,
) -> None:
    """Say how good a trace is, or what would have been right.

    Example: pomona traces judge tr-5a6b... helpful false --why "it names no day"
    """
    try:
        said: Any = msgspec.json.decode(value)
    except msgspec.DecodeError:
        said = value
    with client() as pomona:
        kind: Literal["feedback", "expectation"] = "expectation" if expected else "feedback"
        made = pomona.traces.judge(trace_id, name, said, kind=kind, rationale=why, span=span)
    done(f"{made.name} = {made.value} of {trace_id}")
