"""``pomona sources``: where tables come from, and how they are taken over."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pomona.cli.console import Json, Limit, client, complain, done, err, out, show_one, show_rows

if TYPE_CHECKING:
    from pomona.jobs.records import Job
    from pomona.sdk.client import Client

app = typer.Typer(no_args_is_help=True, help="Sources: databases, files, object stores, topics.")

Name = Annotated[str, typer.Argument(help="The source's name, e.g. shop.")]
Table = Annotated[str | None, typer.Option("--table", "-t", help="A table, file pattern or stream.")]
Query = Annotated[str | None, typer.Option("--query", "-q", help="SQL; @FILE reads it from a file.")]
Param = Annotated[
    list[str] | None, typer.Option("--param", help="A parameter of the query, name=value; repeatable.")
]


@app.command()
def add(
    name: Name,
    location: Annotated[str, typer.Argument(help="A URL, path or glob, without a password.")],
    kind: Annotated[str | None, typer.Option(help="Default: told by the location.")] = None,
    credentials: Annotated[
        str | None, typer.Option(help="Where the password is: env:NAME or file:/path.")
    ] = None,
    owner: Annotated[str, typer.Option(help="Who to ask about it.")] = "",
    purpose: Annotated[str, typer.Option(help="What its rows may serve.")] = "",
    option: Annotated[
        list[str] | None, typer.Option(help="What only some kinds know, name=value; repeatable.")
    ] = None,
) -> None:
    """Register a source, and see whether it answers.

    Example: pomona sources add shop postgresql://reader@db/shop --credentials env:SHOP_PASSWORD
    """
    from pomona.core.errors import PomonaError

    with client() as pomona:
        made = pomona.sources.add(
            name,
            kind or _kind_of(location),
            location,
            credentials=credentials,
            owner=owner,
            purpose=purpose,
            options=_pairs(option),
        )
        done(f"source {made.name} ({made.id}), kind {made.kind}")
        try:
            tested = pomona.sources.test(name)
        except PomonaError as error:
            complain(error)
            err.print("It is registered all the same; `pomona sources test` looks again.")
        else:
            done(f"it answers: {tested.answer}; {len(tested.tables)} to take from")


@app.command("ls")
def list_(limit: Limit = 50, json: Json = False) -> None:
    """List sources with their last extraction and next run."""
    with client() as pomona:
        show_rows(
            pomona.sources.list(limit=limit),
            [
                ("name", lambda s: s.source.name),
                ("kind", lambda s: s.source.kind),
                ("location", lambda s: s.source.location),
                ("into", lambda s: ", ".join(feed.dataset for feed in s.feeds) or None),
                ("last", lambda s: s.last.state if s.last else None),
                ("at", lambda s: s.last.created_at if s.last else None),
                ("next", lambda s: s.next_at),
                ("owner", lambda s: s.source.owner or None),
            ],
            json=json,
            empty="no source yet: `pomona sources add --help` shows how to register one",
        )


@app.command()
def show(name: Name, json: Json = False) -> None:
    """Show a source, what is taken from it, and the versions that made."""
    with client() as pomona:
        found = pomona.sources.get(name)
    if json:
        show_one(found, json=True)
        return
    show_one(found.state.source)
    for feed in found.state.feeds:
        taken = feed.query or feed.table or "everything"
        by = f", by {feed.cursor}" if feed.cursor else ""
        out.print(f"\n[bold]into {feed.dataset}[/bold] ({feed.mode}{by})")
        out.print(taken, markup=False)
    if found.state.next_at:
        out.print(f"\nnext at {found.state.next_at:%Y-%m-%d %H:%M} UTC ({found.state.cron})")
    out.print()
    show_rows(
        found.versions,
        [
            ("version", lambda v: f"{v.dataset}@v{v.number}"),
            ("made", lambda v: v.created_at),
            ("rows", lambda v: v.rows),
            ("read", lambda v: v.origin.rows),
            ("seconds", lambda v: v.origin.seconds),
            ("up to", lambda v: v.origin.cursor.value if v.origin.cursor else None),
            ("quality", lambda v: v.quality),
        ],
        json=False,
        empty=f"nothing was taken yet: `pomona sources extract {name} --table T --into DATASET`",
    )


@app.command("test")
def answers(name: Name, json: Json = False) -> None:
    """Log in, and say what answers."""
    with client() as pomona:
        found = pomona.sources.test(name)
    if json:
        show_one(found, json=True)
        return
    done(f"{found.answer} answered in {found.took_ms:.0f} ms; {len(found.tables)} to take from")


@app.command()
def tables(
    name: Name,
    columns: Annotated[bool, typer.Option("--columns", help="Their columns, too.")] = False,
    json: Json = False,
) -> None:
    """List what can be taken from a source."""
    with client() as pomona:
        found = pomona.sources.tables(name)
    if columns and not json:
        show_rows(
            [(table.name, column) for table in found for column in table.columns],
            [("table", lambda r: r[0]), ("column", lambda r: r[1].name), ("type", lambda r: r[1].type)],
            json=False,
            empty="nothing there",
        )
        return
    show_rows(
        found,
        [
            ("table", lambda t: t.name),
            ("columns", lambda t: len(t.columns) or None),
            ("rows, about", lambda t: t.rows),
        ],
        json=json,
        empty="nothing there",
    )


@app.command()
def sample(
    name: Name,
    table: Table = None,
    query: Query = None,
    param: Param = None,
    rows: Annotated[int, typer.Option("--rows", "-n", help="How many.")] = 20,
    json: Json = False,
) -> None:
    """Look at the first rows of a table, a query, or the source's only feed.

    Example: pomona sources sample shop --table orders --rows 20
    """
    with client() as pomona:
        found = pomona.sources.sample(name, table, query=_text(query), parameters=_values(param), rows=rows)
    if json:
        show_one(found, json=True)
        return
    show_rows(
        found.rows,
        [(column.name, lambda row, of=column.name: row.get(of)) for column in found.columns],  # type: ignore[misc]
        json=False,
        empty="no rows",
    )


@app.command()
def extract(
    name: Name,
    into: Annotated[str | None, typer.Option(help="The dataset; default: all that is declared.")] = None,
    table: Table = None,
    query: Query = None,
    param: Param = None,
    mode: Annotated[str, typer.Option(help="full, append, or delta (new and changed rows).")] = "full",
    cursor: Annotated[str | None, typer.Option(help="A column that only grows.")] = None,
    overlap: Annotated[float, typer.Option(help="Look so far back for late rows: seconds, or units.")] = 0.0,
    key: Annotated[list[str] | None, typer.Option(help="Of a new dataset; repeatable.")] = None,
    time: Annotated[str | None, typer.Option(help="Time column of a new dataset.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Forget the cursor once.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is done.")] = True,
) -> None:
    """Take rows into a dataset, now. With --table or --query it is declared first, and kept.

    Example: pomona sources extract shop -t orders --into orders --key id --mode delta --cursor changed_at
    """
    from pomona.core.errors import Invalid

    with client() as pomona:
        if table is not None or query is not None or (into is not None and mode != "full"):
            if into is None:
                raise Invalid("into which dataset?", hint="name it: --into orders")
            pomona.sources.feed(
                name,
                into,
                table=table,
                query=_text(query),
                parameters=_values(param),
                mode=mode,  # type: ignore[arg-type]
                cursor=cursor,
                overlap=overlap,
                key=key or (),
                time_column=time,
            )
        if not wait:
            job = pomona.sources.start(name, into, full=full)
            done(f"queued as {job.id}; `pomona jobs show {job.id}` tells how far it is")
            return
        _extract(pomona, name, into, full=full)


@app.command()
def schedule(
    name: Name,
    cron: Annotated[str | None, typer.Argument(help="Five fields, UTC, e.g. '0 3 * * *'.")] = None,
    off: Annotated[bool, typer.Option("--off", help="Only when somebody asks.")] = False,
) -> None:
    """Take rows at set times by itself.

    Example: pomona sources schedule shop '0 3 * * *'
    """
    from pomona.core.errors import Invalid

    if (cron is None) != off:
        raise Invalid("when?", hint="a cron expression, e.g. '0 3 * * *' for every night at three, or --off")
    with client() as pomona:
        state = pomona.sources.schedule(name, cron)
    done(f"next at {state.next_at:%Y-%m-%d %H:%M} UTC" if state.next_at else "only when somebody asks")


@app.command()
def rm(
    name: Name,
    into: Annotated[str | None, typer.Option(help="Only stop taking rows into this dataset.")] = None,
) -> None:
    """Forget a source, or one of its feeds; the versions it made stay."""
    with client() as pomona:
        if into is not None:
            pomona.sources.drop_feed(name, into)
            done(f"nothing more is taken from {name} into {into}")
        else:
            pomona.sources.remove(name)
            done(f"source {name} is forgotten; the versions it made stay")


def _extract(pomona: "Client", name: str, into: str | None, *, full: bool) -> None:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=err, transient=True
    )
    with bar:
        task = bar.add_task("waiting for a worker", total=1.0)

        def tell(job: "Job") -> None:
            bar.update(task, completed=job.progress, description=job.note or job.state)

        job = pomona.sources.extract(name, into, full=full, on_progress=tell)
    for one in job.result:
        number = f"@v{one['number']}" if one["number"] else ""
        if one["created"]:
            done(f"{one['dataset']}{number}: {one['rows']:,} rows in {one['seconds']:.1f} s")
        else:
            done(f"{one['dataset']}{number}: {one['note']} ({one['rows']:,} rows read)")


def _kind_of(location: str) -> str:
    scheme = location.partition("://")[0] if "://" in location else ""
    by_scheme = {
        "postgresql": "postgresql",
        "postgres": "postgresql",
        "mysql": "mysql",
        "mariadb": "mysql",
        "http": "http",
        "https": "http",
        "s3": "s3",
        "nats": "nats",
    }
    by_ending = {".db": "sqlite", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".duckdb": "duckdb"}
    if scheme:
        return by_scheme.get(scheme, "sqlalchemy")
    return by_ending.get(Path(location).suffix, "files")


def _text(given: str | None) -> str | None:
    """SQL as it is typed, or from the file behind an ``@``."""
    from pomona.core.errors import Invalid

    if given is None or not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text(encoding="utf-8")
    except OSError as error:
        raise Invalid(f"{given[1:]}: {error.strerror}", hint="--query @FILE reads SQL from a file") from None


def _pairs(given: list[str] | None) -> dict[str, str]:
    from pomona.core.errors import Invalid

    found = {}
    for item in given or ():
        name, equals, value = item.partition("=")
        if not (name and equals):
            raise Invalid("this is no option", hint="write name=value")
        found[name] = value
    return found


def _values(given: list[str] | None) -> dict[str, Any]:
    """Numbers and booleans as such; all else is text."""
    import msgspec

    found: dict[str, Any] = {}
    for name, value in _pairs(given).items():
        try:
            read = msgspec.json.decode(value)
        except msgspec.DecodeError:
            read = value
        found[name] = read if isinstance(read, bool | int | float) else value
    return found
