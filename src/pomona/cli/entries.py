"""``pomona train``: store a script as a training entry, run it, read its log."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from pomona.cli.console import Json, Limit, client, done, out, show_one, show_rows

app = typer.Typer(no_args_is_help=True, help="Training entries: scripts that run again on newer data.")

Entry = Annotated[str, typer.Argument(help="An entry: its name, name@v3 or id.")]
Param = Annotated[
    list[str] | None, typer.Option("--param", "-p", help="name=value, the value as JSON or text; repeatable.")
]
Since = Annotated[datetime | None, typer.Option(help="Rows from this time on (UTC).")]
Until = Annotated[datetime | None, typer.Option(help="Rows before this time (UTC).")]


@app.command()
def store(
    name: Annotated[str, typer.Argument(help="A short name, e.g. flight-delay.")],
    script: Annotated[Path, typer.Argument(help="A .py file.")],
    data: Annotated[str, typer.Option(help="Dataset or version it trains on, e.g. flights.")],
    param: Param = None,
    model: Annotated[str | None, typer.Option(help="Register what it logs under this name.")] = None,
    hypothesis: Annotated[str | None, typer.Option(help="Id or name.")] = None,
    include: Annotated[list[str] | None, typer.Option(help="Pattern of more files; repeatable.")] = None,
    since: Since = None,
    until: Until = None,
    last_days: Annotated[float | None, typer.Option(help="Only the newest days of the data.")] = None,
    memory_mb: Annotated[int, typer.Option(help="Memory it may use.")] = 4096,
    cpu_s: Annotated[int, typer.Option(help="CPU seconds it may use.")] = 3600,
    wall_s: Annotated[int, typer.Option(help="Seconds it may take.")] = 3600,
    purpose: Annotated[str, typer.Option(help="What the data is read for.")] = "training",
) -> None:
    """Store a script with its data, parameters and limits.

    Example: pomona train store flight-delay train.py --data flights --model flight-delay -p max_iter=200
    """
    from pomona.training.records.entries import DataSelector, Limits

    selector = DataSelector(ref=data, since=_utc(since), until=_utc(until), last_days=last_days)
    with client() as pomona:
        made = pomona.training.store(
            name,
            script=script,
            data=selector,
            params=_params(param),
            model=model,
            hypothesis=hypothesis,
            limits=Limits(memory_mb=memory_mb, cpu_s=cpu_s, wall_s=wall_s),
            include=include or (),
            purpose=purpose,
        )
    done(f"{made.name}@v{made.number} ({made.id}), code {made.code[:12]}")


@app.command()
def run(
    entry: Entry,
    data: Annotated[str | None, typer.Option(help="A version instead of the newest.")] = None,
    since: Since = None,
    until: Until = None,
    param: Param = None,
    force: Annotated[str | None, typer.Option(help="Why to train on data that failed its checks.")] = None,
    name: Annotated[str | None, typer.Option(help="A name for the run.")] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it has ended.")] = True,
) -> None:
    """Train an entry, by default on the newest data."""
    options: dict[str, Any] = {
        "data": data,
        "since": _utc(since),
        "until": _utc(until),
        "params": _params(param),
        "force": force,
        "run_name": name,
    }
    with client() as pomona:
        if not wait:
            job = pomona.training.start(entry, **options)
            done(f"queued as {job.id}; `pomona train log {job.id}` shows what it prints")
            return
        with out.status(f"training {entry}"):
            trained = pomona.training.run(entry, **options)
    done(f"run {trained.run}")
    if trained.model_version:
        done(f"{trained.model} version {trained.model_version}")


@app.command("ls")
def list_(limit: Limit = 50, json: Json = False) -> None:
    """List every version of every entry, newest first."""
    with client() as pomona:
        show_rows(
            pomona.training.list(limit=limit),
            [
                ("entry", lambda e: f"{e.name}@v{e.number}"),
                ("stored", lambda e: e.created_at),
                ("script", lambda e: e.script),
                ("data", lambda e: e.data.ref),
                ("model", lambda e: e.model),
                ("code", lambda e: e.code[:12]),
                ("params", lambda e: e.params),
            ],
            json=json,
            empty="no training entry yet: `pomona train store --help` shows how to store one",
        )


@app.command()
def show(
    entry: Entry,
    code: Annotated[bool, typer.Option("--code", help="Print the script.")] = False,
    json: Json = False,
) -> None:
    """Show an entry."""
    with client() as pomona:
        if code:
            out.print(pomona.training.code(entry), markup=False, highlight=False)
        else:
            show_one(pomona.training.get(entry), json=json)


@app.command()
def log(job: Annotated[str, typer.Argument(help="The training's job.")]) -> None:
    """Print what a training has printed so far."""
    with client() as pomona:
        out.print(pomona.jobs.log(job), markup=False, highlight=False)


def _params(given: list[str] | None) -> dict[str, Any]:
    import msgspec

    from pomona.core.errors import Invalid

    found: dict[str, Any] = {}
    for item in given or ():
        name, equals, value = item.partition("=")
        if not (name and equals):
            raise Invalid(f"{item!r} is no parameter", hint="write name=value")
        try:
            found[name] = msgspec.json.decode(value)
        except msgspec.DecodeError:
            found[name] = value
    return found


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None
