"""``pomona marts``: SQL over dataset versions, previewed, built, looked back at."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pomona.cli.console import Json, Limit, client, done, err, out, show_one, show_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pomona.data.marts.records import SqlPreview, SqlWarning
    from pomona.jobs.records import Job

app = typer.Typer(no_args_is_help=True, help="Marts: SQL over datasets, kept as versions with lineage.")

Name = Annotated[str, typer.Argument(help="The mart's name, e.g. credit/features.")]
Sql = Annotated[str, typer.Argument(help="One SELECT, or the path of a .sql file.")]
_POLICIES = "manual, on_inputs (an input gets a new version) or cron"


@app.command()
def create(
    name: Name,
    sql: Sql,
    key: Annotated[list[str] | None, typer.Option(help="Column that names a row; repeatable.")] = None,
    time: Annotated[str | None, typer.Option(help="Column that says when a row happened.")] = None,
    purpose: Annotated[list[str] | None, typer.Option(help="Narrow what it may serve; repeatable.")] = None,
    description: Annotated[str, typer.Option(help="One sentence.")] = "",
    rebuild: Annotated[str, typer.Option(help=_POLICIES)] = "manual",
    cron: Annotated[str | None, typer.Option(help="Rebuild at these times (UTC): '0 3 * * *'.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds a build may take.")] = 600.0,
    build_now: Annotated[bool, typer.Option("--build", help="Build it at once.")] = False,
) -> None:
    """Declare a mart, and the dataset of the same name that it fills.

    Example: pomona marts create features features.sql --key loan_id --time applied_at --rebuild on_inputs
    """
    options: dict[str, Any] = {"rebuild": rebuild, "cron": cron, "timeout_s": timeout}
    with client() as pomona:
        made = pomona.marts.create(
            name,
            read_sql(sql),
            key=key or (),
            time_column=time,
            purposes=purpose or (),
            description=description,
            **options,
        )
    done(f"mart {made.name} ({made.id}) reads {', '.join(made.inputs) or 'no dataset'}")
    _warn(made.warnings)
    if build_now:
        build(name, reason="", wait=True)


@app.command()
def change(
    name: Name,
    sql: Annotated[str | None, typer.Option(help="One SELECT, or the path of a .sql file.")] = None,
    description: Annotated[str | None, typer.Option(help="One sentence.")] = None,
    purpose: Annotated[list[str] | None, typer.Option(help="Narrow what it may serve; repeatable.")] = None,
    rebuild: Annotated[str | None, typer.Option(help=_POLICIES)] = None,
    cron: Annotated[str | None, typer.Option(help="Rebuild at these times (UTC).")] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds a build may take.")] = None,
) -> None:
    """Change a mart; what is left out stays. The next build uses it.

    Example: pomona marts change features --sql features.sql
    """
    options: dict[str, Any] = {"rebuild": rebuild, "cron": cron, "timeout_s": timeout}
    with client() as pomona:
        made = pomona.marts.change(
            name,
            sql=read_sql(sql) if sql is not None else None,
            description=description,
            purposes=purpose,
            **options,
        )
    done(f"mart {made.name}, revision {made.revision} of its SQL")
    _warn(made.warnings)


@app.command()
def preview(
    sql: Sql,
    purpose: Annotated[str | None, typer.Option(help="What the rows are read for.")] = None,
    json: Json = False,
) -> None:
    """Show the first rows of an SQL text, and what is wrong with it; nothing is kept.

    Example: pomona marts preview "select * from loans asof join payments using (customer, at)"
    """
    with client() as pomona:
        found = pomona.marts.preview(read_sql(sql), purpose=purpose)
    if json:
        show_one(found, json=True)
        return
    show_rows(
        found.rows[:20],
        [(field.name, lambda row, name=field.name: row[name]) for field in found.columns],  # type: ignore[misc]
        json=False,
        empty="no rows",
    )
    out.print(f"[dim]{_how_many(found)} in {found.seconds:.2f} s[/dim]")
    if found.sampled:
        err.print(f"[yellow]only the first rows were read of[/yellow] {', '.join(found.sampled)}")
    _warn(found.warnings)


@app.command()
def build(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")] = "",
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it has ended.")] = True,
) -> None:
    """Build a mart now: run its SQL on the newest versions and keep the rows as the next version.

    Example: pomona marts build features
    """
    with client() as pomona:
        if not wait:
            done(f"queued as {pomona.marts.start(name, reason=reason).id}")
            return
        with out.status(f"building {name}") as status:

            def tell(job: "Job") -> None:
                status.update(f"{job.progress:.0%} {job.note or job.state}")

            made = pomona.marts.build(name, reason=reason, on_progress=tell)
    if made.state == "unchanged":
        done(f"{made.ref} holds these rows already; nothing was stored ({made.seconds:.2f} s)")
    else:
        done(
            f"{made.ref}: {made.rows:,} rows, {made.rows_added:,} added, {made.rows_changed:,} changed, "
            f"{made.rows_removed:,} removed ({made.seconds:.2f} s)"
        )
    _warn(made.warnings)


@app.command("ls")
def list_(limit: Limit = 50, json: Json = False) -> None:
    """List marts, newest first."""
    with client() as pomona:
        show_rows(
            pomona.marts.list(limit=limit),
            [
                ("name", lambda s: s.mart.name),
                ("reads", lambda s: ", ".join(s.mart.inputs)),
                ("rebuild", lambda s: s.mart.cron or s.mart.rebuild),
                ("last build", lambda s: s.last and s.last.state),
                ("version", lambda s: s.built and s.built.ref),
                ("at", lambda s: s.last and s.last.started_at),
                ("inputs", lambda s: "changed" if s.stale else "as built"),
                ("warnings", lambda s: len(s.mart.warnings)),
            ],
            json=json,
            empty="no mart yet: `pomona marts create --help` shows how to declare one",
        )


@app.command()
def show(name: Name, limit: Limit = 10, json: Json = False) -> None:
    """Show a mart, its SQL and its last builds."""
    with client() as pomona:
        found = pomona.marts.get(name)
        if json:
            show_one(found, json=True)
            return
        out.print(found.mart.sql, markup=False, highlight=False)
        out.print()
        facts = {
            "reads": ", ".join(found.mart.inputs),
            "key": ", ".join(found.mart.key),
            "time": found.mart.time_column,
            "rebuild": found.mart.cron or found.mart.rebuild,
            "inputs": "changed since the last build" if found.stale else "as built",
        }
        show_one(facts)
        _warn(found.mart.warnings)
        show_rows(
            pomona.marts.builds(name, limit=limit),
            [
                ("build", lambda b: b.started_at),
                ("state", lambda b: b.state),
                ("version", lambda b: b.ref),
                ("rows", lambda b: b.rows),
                ("seconds", lambda b: b.seconds),
                ("inputs", lambda b: ", ".join(one.ref for one in b.inputs)),
                ("why", lambda b: b.error or b.reason),
            ],
            json=False,
            empty=f"no build yet: `pomona marts build {name}`",
        )


@app.command()
def lineage(name: Name, json: Json = False) -> None:
    """Show from which input columns each column of the newest build comes."""
    with client() as pomona:
        built = pomona.marts.get(name).built
    show_rows(
        built.lineage if built else (),
        [
            ("column", lambda c: c.column),
            ("type", lambda c: c.type),
            ("from", lambda c: ", ".join(f"{s.ref}.{s.column}" for s in c.sources) or "no column"),
        ],
        json=json,
        empty=f"no lineage: build it (`pomona marts build {name}`), or see its warnings",
    )


@app.command()
def rm(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Forget a mart; its dataset, versions and builds stay."""
    if not yes:
        typer.confirm(f"Forget the mart {name}? Its dataset and versions stay.", abort=True)
    with client() as pomona:
        pomona.marts.remove(name)
    done(f"mart {name} is forgotten; its dataset and versions stay")


def read_sql(given: str) -> str:
    """The SQL itself, or that in the file it names.

    Raises:
        NotFound: If it names a .sql file that does not exist.
    """
    from pomona.core.errors import NotFound

    if not given.strip().lower().endswith(".sql"):
        return given
    path = Path(given)
    if not path.is_file():
        raise NotFound(f"no file {path}", hint="check the path")
    return path.read_text(encoding="utf-8")


def _how_many(found: "SqlPreview") -> str:
    shown = min(len(found.rows), 20)
    return (
        f"{shown} of more than {len(found.rows)} rows" if found.more else f"{shown} of {len(found.rows)} rows"
    )


def _warn(warnings: "Sequence[SqlWarning]") -> None:
    from rich.markup import escape

    for warning in warnings:
        line = f" (line {warning.line})" if warning.line else ""
        err.print(
            f"[yellow]Warning, {warning.kind}{line}:[/yellow] {escape(warning.message)}", soft_wrap=True
        )
        if warning.hint:
            err.print(f"[dim]{escape(warning.hint)}[/dim]", soft_wrap=True)
