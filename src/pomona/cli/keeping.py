"""``pomona data``, the life of versions: tag, pin, gc, verify, rebase."""

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pomona.cli.console import Json, client, done, err, out, show_one, show_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pomona.data.keeping.records import Collected
    from pomona.jobs.records import Job

Ref = Annotated[str, typer.Argument(help="A version: flights, flights@v3, a tag, a day or its id.")]
Name = Annotated[str, typer.Argument(help="The dataset's name, e.g. flights or nyc/flights.")]
_SPANS = {"h": 1 / 24, "d": 1.0, "w": 7.0}


def tag(
    ref: Ref,
    name: Annotated[str, typer.Argument(help="The tag, e.g. golden.")],
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take the tag off again.")] = False,
) -> None:
    """Name a version; a tag that is on another one moves. A tagged version is not dropped.

    Example: pomona data tag flights@v3 golden --reason "the audited one"
    """
    with client() as pomona:
        if remove:
            pomona.data.untag(ref.partition("@")[0], name)
            done(f"no tag {name} any more")
            return
        made = pomona.data.tag(ref, name, reason=reason)
    done(f"{made.dataset}@{made.name} is {made.dataset}@v{made.number}")


def tags(name: Name, json: Json = False) -> None:
    """List the tags of a dataset.

    Example: pomona data tags flights
    """
    with client() as pomona:
        show_rows(
            pomona.data.tags(name),
            [
                ("tag", lambda t: t.name),
                ("version", lambda t: f"v{t.number}"),
                ("since", lambda t: t.at),
                ("by", lambda t: t.by),
            ],
            json=json,
            empty=f"no tag yet: `pomona data tag {name}@v1 golden` makes one",
        )


def pin(
    ref: Ref,
    reason: Annotated[str, typer.Option(help="Why it must be kept.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take the pins off again.")] = False,
) -> None:
    """Keep a version whatever a garbage collection asks for.

    Example: pomona data pin flights@v3 --reason "the regulator asked for it"
    """
    with client() as pomona:
        if remove:
            pomona.data.unpin(ref)
            done(f"{ref} is not pinned any more")
            return
        pomona.data.pin(ref, reason=reason)
    done(f"{ref} is pinned")


def pins(ref: Ref, json: Json = False) -> None:
    """Show everything that keeps a version: pins, tags, runs, models, decisions, marts, jobs.

    Example: pomona data pins flights@v3
    """
    with client() as pomona:
        show_rows(
            pomona.data.pins(ref),
            [
                ("kind", lambda p: p.kind),
                ("why", lambda p: p.reason),
                ("by", lambda p: p.by),
                ("since", lambda p: p.at),
            ],
            json=json,
            empty=f"nothing keeps {ref}: a garbage collection may drop it",
        )


def gc(
    name: Annotated[str | None, typer.Argument(help="Only this dataset; default all.")] = None,
    keep_last: Annotated[int | None, typer.Option(help="None of the last so many goes.")] = None,
    older_than: Annotated[str | None, typer.Option(help="Only versions so old: 30d, 12h, 2w.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Drop versions that nothing pins, then remove files that no version names. Shows first what would go.

    Example: pomona data gc flights --keep-last 10 --older-than 30d --dry-run
    """
    options: dict[str, Any] = {"keep_last": keep_last, "older_than_days": days(older_than)}
    with client() as pomona:
        found = pomona.data.gc(name, **options, dry_run=True)
        if json and dry_run:
            show_one(found, json=True)
            return
        if not json:
            _show_collected(found)
        if dry_run or not (found.versions or found.files):
            return
        if not yes and not typer.confirm("Drop them?"):
            raise typer.Exit(1)
        found = pomona.data.gc(name, **options)
    if json:
        show_one(found, json=True)
        return
    done(f"{len(found.versions)} versions dropped, {found.files} files removed, {_bytes(found.size)} freed")


def verify(
    ref: Annotated[str | None, typer.Argument(help="A version or a dataset; default all.")] = None,
    json: Json = False,
) -> None:
    """Read every file of every version and compare it with its digest. Exits with 1 if one is damaged.

    Example: pomona data verify flights@v3
    """
    with client() as pomona, progress("verify", quiet=json) as told:
        found = pomona.data.verify(ref, on_progress=told)
    if json:
        show_one(found, json=True)
    else:
        for one in found.damaged:
            err.print(f"[bold red]{one.ref}[/bold red]: {one.detail}. [yellow]{one.hint or ''}[/yellow]")
        if not found.damaged:
            done(f"{found.versions:,} versions, {found.files:,} files match their digests")
    if found.damaged:
        raise typer.Exit(1)


def rebase(
    name: Name,
    threshold: Annotated[
        float | None, typer.Option(help="Rewrite files of which more is hidden; default as declared, 0.35.")
    ] = None,
    json: Json = False,
) -> None:
    """Write the newest version in fewer files, without the rows it hides: same rows, no change.

    Example: pomona data rebase flights --threshold 0.05
    """
    with client() as pomona, progress("rebase", quiet=json) as told:
        found = pomona.data.rebase(name, threshold=threshold, on_progress=told)
    if json:
        show_one(found, json=True)
    elif found.version is None:
        done("nothing to gain: no file hides that much, and there are not several small ones")
    else:
        done(
            f"{found.ref}: {found.rewritten} files became {found.written},"
            f" {_bytes(found.size_before)} became {_bytes(found.size_after)}"
        )


def upkeep(
    name: Name,
    automatic: Annotated[bool, typer.Option("--automatic/--by-hand", help="A job does it by itself.")] = True,
    hidden: Annotated[float, typer.Option(help="The share of a file that may be hidden.")] = 0.35,
    small_files: Annotated[int, typer.Option(help="How many small files may be there.")] = 32,
) -> None:
    """Declare when a dataset's files are rewritten.

    Example: pomona data upkeep predictions --small-files 100
    """
    with client() as pomona:
        pomona.data.declare_upkeep(name, automatic=automatic, hidden=hidden, small_files=small_files)
    how = "by itself" if automatic else "only when you ask (`pomona data rebase`)"
    done(f"{name} is rewritten {how}: above {hidden:.0%} hidden, or {small_files} small files")


def purposes(
    name: Name,
    purpose: Annotated[
        list[str] | None, typer.Option(help="What it may serve; repeatable. None: everything.")
    ] = None,
    consent: Annotated[
        str | None, typer.Option(help="Column that says so of each row: yes/no, or purposes.")
    ] = None,
) -> None:
    """Declare what a dataset may serve, and which column holds consent.

    Example: pomona data purposes customers --purpose training --purpose export --consent agreed
    """
    with client() as pomona:
        made = pomona.data.declare_purposes(name, purpose or (), consent_column=consent)
    what = ", ".join(made.purposes) or "everything"
    done(f"{made.name} may serve {what}" + (f"; consent stands in {consent}" if consent else ""))


def consent(
    ref: Ref,
    purpose: Annotated[str, typer.Option(help="What the rows would be read for.")] = "training",
    json: Json = False,
) -> None:
    """Show how many rows of a version may be read for a purpose.

    Example: pomona data consent customers --purpose training
    """
    with client() as pomona:
        found = pomona.data.consent(ref, purpose)
    if json:
        show_one(found, json=True)
    elif found.refused:
        err.print(f"[yellow]{found.refused}[/yellow]")
        raise typer.Exit(1)
    else:
        done(f"{found.rows:,} rows may serve {purpose}; {found.left_out:,} are left out")


def days(text: str | None) -> float | None:
    """``30d``, ``12h`` or ``2w`` in days.

    Raises:
        Invalid: If it is none of these.
    """
    if text is None:
        return None
    from pomona.core.errors import Invalid

    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([hdw])", text.strip())
    if found is None:
        raise Invalid(f"{text!r} is no age", hint="write 30d (days), 12h (hours) or 2w (weeks)")
    return float(found[1]) * _SPANS[found[2]]


@contextmanager
def progress(what: str, *, quiet: bool) -> "Iterator[Callable[[Job], None] | None]":
    """A bar that follows a job while the block runs; none if ``quiet``."""
    if quiet:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeElapsedColumn(), console=err, transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda job: bar.update(task, completed=job.progress, description=job.note or what)


def _show_collected(found: "Collected") -> None:
    show_rows(
        found.versions,
        [
            ("version", lambda v: f"{v.dataset}@v{v.number}"),
            ("committed", lambda v: v.created_at),
            ("rows", lambda v: v.rows),
            ("digest", lambda v: v.digest[:12]),
        ],
        json=False,
        empty="no version may go",
    )
    for held in found.held:
        why = "; ".join(pin.reason for pin in held.pins[:3])
        out.print(f"[dim]kept: {held.dataset}@v{held.number}: {why}[/dim]", highlight=False)
    out.print(
        f"{found.files} files, {_bytes(found.size)}"
        + (f"; {found.orphans} of them left by commits that were killed" if found.orphans else "")
        + (f"; {found.young} younger than an hour are left for the next time" if found.young else "")
    )


def _bytes(size: int) -> str:
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:,.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"
        value /= 1000
    return ""


def add_to(app: typer.Typer) -> None:
    """Make these commands of ``pomona data``."""
    for command in (tag, tags, pin, pins, gc, verify, rebase, upkeep, purposes, consent):
        app.command()(command)
