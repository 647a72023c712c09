"""``pomona runs``: list, show and compare tracked runs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from pomona.cli.console import Json, Limit, cell, client, out, show_csv, show_one, show_rows
from pomona.cli.patches import show_patch
from pomona.core.errors import Invalid
from pomona.training.records.studies import Stat

if TYPE_CHECKING:
    from pomona.training.code.records import RunCode
    from pomona.training.records.runs import RunComparison, RunDetail, RunSummary

app = typer.Typer(no_args_is_help=True, help="Tracked runs: what was tried, with what, and how well it did.")


Experiment = Annotated[str | None, typer.Option("--experiment", "-e", help="Id or name.")]
Hypothesis = Annotated[str | None, typer.Option(help="Id of the hypothesis they test.")]
Where = Annotated[str, typer.Option("--where", "-w", help="As in MLflow, e.g. 'metrics.rmse < 0.5'.")]
Order = Annotated[str | None, typer.Option("--order", "-o", help="E.g. 'metrics.rmse ASC'.")]
WhichValue = Annotated[
    Stat, typer.Option("--stat", help="Which value of each metric: last, min, max, or at.")
]
Step = Annotated[int | None, typer.Option("--step", help="With --stat at: the last value up to this step.")]


@app.command("ls")
def list_(
    experiment: Experiment = None,
    hypothesis: Hypothesis = None,
    where: Where = "",
    order: Order = None,
    metric: Annotated[list[str] | None, typer.Option("--metric", "-m", help="Show it; repeatable.")] = None,
    column: Annotated[
        list[str] | None, typer.Option("--column", "-c", help="E.g. params.depth, tags.team; repeatable.")
    ] = None,
    stat: WhichValue = "last",
    step: Step = None,
    limit: Limit = 30,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")] = False,
    json: Json = False,
) -> None:
    """List runs, newest first.

    Example: pomona runs ls -w "metrics.loss < 0.7" -o "metrics.loss ASC" -m loss -c params.depth
    """
    with client() as pomona:
        found = list(
            pomona.runs.list(
                experiment=experiment,
                hypothesis=hypothesis,
                filter=where,
                order_by=order,
                stat=stat,
                step=step,
                limit=limit,
            )
        )
    shown = [*(f"metrics.{key}" for key in metric or ()), *(column or ())]
    columns = _columns(found, shown, whole_ids=csv)
    if csv:
        show_csv(found, columns)
        return
    empty = "no runs yet: set MLFLOW_TRACKING_URI to this server and run your training script"
    show_rows(found, columns, json=json, empty=empty)


def _columns(
    found: "Sequence[RunSummary]", shown: Sequence[str], *, whole_ids: bool
) -> list[tuple[str, Callable[[Any], Any]]]:
    """What every run has, then the columns asked for; without any, the first four metrics."""
    names = shown or [f"metrics.{key}" for key in sorted({key for run in found for key in run.metrics})[:4]]
    return [
        ("run", lambda run: run.id if whole_ids else run.id[:8]),
        ("name", lambda run: run.name),
        ("status", lambda run: run.status),
        ("started", lambda run: run.started_at),
        *((key.partition(".")[2] or key, lambda run, key=key: _value(run, key)) for key in names),
    ]


def _value(run: "RunSummary", column: str) -> object:
    entity, _, name = column.partition(".")
    if entity not in ("metrics", "params", "tags") or not name:
        raise Invalid(f"{column!r} is no column", hint="metrics.loss, params.depth or tags.team")
    values: Mapping[str, object] = getattr(run, entity)
    return values.get(name)


@app.command()
def show(
    run_id: Annotated[str, typer.Argument(help="The run's id.")],
    diff: Annotated[bool, typer.Option("--diff", help="Only what it ran that was not committed.")] = False,
    json: Json = False,
) -> None:
    """Show a run: params, metrics, inputs, code, models, artifacts.

    Example: pomona runs show 3f9c1a7e --diff > run.patch; git checkout COMMIT; git apply run.patch
    """
    if diff:
        _show_diff(run_id, json)
        return
    with client() as pomona:
        found = pomona.runs.get(run_id)
    if json:
        show_one(found, json=True)
        return
    run = found.run
    out.print(f"[bold]{run.name}[/bold]  {cell(run.status)}  [dim]{run.id} in {found.experiment_name}[/dim]")
    _show_pairs("metric", run.metrics)
    _show_pairs("param", run.params)
    _show_ties(found)
    if found.error:
        out.print(found.error, markup=False)


def _show_diff(run_id: str, json: bool) -> None:
    with client() as pomona:
        found = pomona.runs.diff(run_id)
    if json:
        show_one(found, json=True)
    else:
        show_patch(found)


@app.command()
def origin(
    run_id: Annotated[str, typer.Argument(help="The run's id.")],
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Whose git repository holds the code; default here.")
    ] = None,
    json: Json = False,
) -> None:
    """Tell a run where it comes from: commit, uncommitted changes, packages, machine.

    For runs that R, Java or curl started; in Python `pomona.autolog()` does it for those of mlflow.

    Example: pomona runs origin 3f9c1a7e --folder ~/project
    """
    with client() as pomona:
        found = pomona.runs.tell_origin(run_id, folder=folder or Path.cwd())
    if json:
        show_one(found, json=True)
    else:
        _show_pairs("tag", found.tags)


def _show_pairs(what: str, values: Mapping[str, object]) -> None:
    columns = [(what, lambda pair: pair[0]), ("value", lambda pair: pair[1])]
    show_rows(values.items(), columns, json=False, empty=f"no {what}s logged")


def _show_ties(found: "RunDetail") -> None:
    show_rows(
        found.inputs,
        [
            ("input", lambda i: i.name),
            ("context", lambda i: i.context),
            ("version", lambda i: i.data_version or i.hint),
        ],
        json=False,
        empty="no inputs logged: mlflow.log_input ties a run to its data",
    )
    _show_code(found.code)
    show_one(found.machine, title="machine")
    if found.cost is not None:
        took = f"{found.cost.seconds:,.0f} s of {found.cost.resource}"
        out.print(f"[bold]cost[/bold] {found.cost.amount} {found.cost.currency} ({took})")
    show_rows(
        found.models,
        [("model", lambda m: m.name), ("status", lambda m: m.status), ("id", lambda m: m.id)],
        json=False,
        empty="no models logged",
    )
    show_rows(
        found.artifacts,
        [("artifact", lambda a: a.path), ("bytes", lambda a: a.size)],
        json=False,
        empty="no artifacts logged",
    )


def _show_code(code: "RunCode") -> None:
    from pomona.training.code.rules import said_of

    source = f" [dim]{escape(code.source)}[/dim]" if code.source else ""
    out.print(f"[bold]code[/bold] {said_of(code) or '[dim]no commit is known[/dim]'}{source}")
    if code.changes:
        names = ", ".join(file.path for file in code.changes.files[:6])
        out.print(f"[dim]changed: {escape(names)}; --diff shows it[/dim]")


@app.command()
def cost(
    experiment: Annotated[str | None, typer.Option("--experiment", "-e", help="Id or name.")] = None,
    hypothesis: Annotated[str | None, typer.Option(help="Id of the hypothesis they test.")] = None,
    json: Json = False,
) -> None:
    """Show what runs cost: seconds times the price of what they used.

    Prices are set where the server is started: POMONA_PRICES=EUR:cpu=0.05,gpu=2.40 (an hour of each).

    Example: pomona runs cost -e churn
    """
    with client() as pomona:
        show_one(pomona.runs.cost(experiment=experiment, hypothesis=hypothesis), json=json)


@app.command()
def compare(
    run_ids: Annotated[list[str], typer.Argument(help="Two or more run ids.")], json: Json = False
) -> None:
    """Show runs side by side: whether their code differs, the params that do, and every metric.

    Example: pomona runs compare 3f9c1a7e 5d0be2c4
    """
    with client() as pomona:
        found = pomona.runs.compare(run_ids)
    if json:
        show_one(found, json=True)
        return
    rows: list[tuple[str, str, Sequence[object]]] = [_code_row(found)]
    rows += [("param", key, values) for key, values in found.params.items()]
    rows += [("metric", key, values) for key, values in found.metrics.items()]
    names = [(run.name, lambda row, i=i: row[2][i]) for i, run in enumerate(found.runs)]
    show_rows(
        rows,
        [("", lambda row: row[0]), ("name", lambda row: row[1]), *names],
        json=False,
        empty="these runs logged no params that differ, and no metrics",
    )
    _show_changed_files(found)


def _code_row(found: "RunComparison") -> tuple[str, str, Sequence[object]]:
    from pomona.training.code.rules import said_of

    said = {None: "not known of all", True: "the same", False: "differs"}[found.same_code]
    return "code", said, [said_of(code) or code.source for code in found.code]


def _show_changed_files(found: "RunComparison") -> None:
    """The files whose uncommitted changes differ, where the runs stand on one commit."""
    from pomona.training.code.rules import differing_files

    names = differing_files(found.code)
    if names:
        out.print(f"[dim]changed differently: {escape(', '.join(names))}[/dim]")


@app.command()
def experiments(limit: Limit = 50, json: Json = False) -> None:
    """List experiments, newest first."""
    with client() as pomona:
        show_rows(
            pomona.runs.experiments(limit=limit),
            [
                ("id", lambda e: e.id),
                ("name", lambda e: e.name),
                ("created", lambda e: e.created_at),
                ("hypothesis", lambda e: e.tags.get("pomona.hypothesis")),
            ],
            json=json,
            empty="no experiments yet: mlflow.set_experiment creates one",
        )
