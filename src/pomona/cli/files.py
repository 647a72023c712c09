"""``pomona files``: versioned sets of images, text, audio."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pomona.cli.console import Json, Limit, client, done, err, out, show_one, show_rows

if TYPE_CHECKING:
    from pomona.sdk.files.folder import FolderStatus
    from pomona.sdk.files.progress import Progress as Seen
    from pomona.sdk.files.progress import Report

app = typer.Typer(no_args_is_help=True, help="File sets: versioned folders of images, text, audio.")

Name = Annotated[str, typer.Argument(help="The file set's name, e.g. pets or vision/pets.")]
Ref = Annotated[str, typer.Argument(help="A version: pets, pets@v3 or its id.")]
Include = Annotated[list[str] | None, typer.Option(help="Only files like this, e.g. '*.jpg'; repeatable.")]
Exclude = Annotated[list[str] | None, typer.Option(help="Leave files like this out; repeatable.")]
Pattern = Annotated[
    list[str] | None, typer.Option("--pattern", "-p", help="Only files like this; repeatable.")
]
_UNITS = ("B", "KB", "MB", "GB", "TB")
_SHOWN = 20
_SIGNS = {"added": ("+", "green"), "changed": ("~", "yellow"), "removed": ("-", "red")}


@app.command()
def create(
    name: Name,
    purpose: Annotated[list[str] | None, typer.Option(help="What it may serve; repeatable.")] = None,
    description: Annotated[str, typer.Option(help="One sentence.")] = "",
) -> None:
    """Declare a file set.

    Example: pomona files create pets --description "Photos of the shelter"
    """
    with client() as pomona:
        made = pomona.files.create(name, description=description, purposes=purpose or ())
    done(f"file set {made.name} ({made.id})")


@app.command()
def add(
    name: Name,
    folder: Annotated[Path, typer.Argument(help="A folder, or a pattern in quotes: 'photos/**/*.jpg'.")],
    append: Annotated[bool, typer.Option("--append", help="Add to the files of the newest version.")] = False,
    include: Include = None,
    exclude: Exclude = None,
    note: Annotated[str, typer.Option(help="What a reader should know.")] = "",
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="No files is right.")] = False,
) -> None:
    """Keep a folder as the next version; files that did not change are not read again.

    Example: pomona files add pets photos --exclude '*.tmp' --note "May is in"
    """
    with client() as pomona, _progress("adding") as report:
        version = pomona.files.add(
            name,
            folder,
            include=include or (),
            exclude=exclude or (),
            mode="append" if append else "full",
            note=note,
            allow_empty=allow_empty,
            progress=report,
        )
    record = version.record
    if not version.created:
        done(f"{version.ref} holds these files already; nothing was stored")
        return
    done(
        f"{version.ref} ({record.id}): {record.files:,} files, {in_bytes(record.size)}; "
        f"{record.files_added:,} added, {record.files_changed:,} changed, {record.files_removed:,} removed, "
        f"{in_bytes(record.size_new)} new"
    )


@app.command()
def status(
    folder: Annotated[Path, typer.Argument(help="The working folder.")] = Path(),
    ref: Annotated[str | None, typer.Argument(help="A version; default: the one it holds.")] = None,
    json: Json = False,
) -> None:
    """Show what is new, changed and deleted in a folder against a version. Exit 1 if anything is.

    Example: pomona files status photos pets@v2
    """
    if ref is None:
        from pomona.sdk.files.client import folder_status

        found = folder_status(folder)  # needs no server
    else:
        with client() as pomona:
            found = pomona.files.status(folder, ref)
    _show_status(found, folder, json=json)
    if not found.clean:
        raise typer.Exit(1)


@app.command()
def diff(old: Ref, new: Ref, limit: Limit = _SHOWN, json: Json = False) -> None:
    """Show how one version became another.

    Example: pomona files diff pets@v1 pets@v2
    """
    with client() as pomona:
        found = pomona.files.diff(old, new, limit=limit)
    if json:
        show_one(found, json=True)
        return
    out.print(
        f"{found.old} to {found.new}: [green]{found.added:,} added[/green] ({in_bytes(found.size_added)}), "
        f"[yellow]{found.changed:,} changed[/yellow], [red]{found.removed:,} removed[/red], "
        f"{found.unchanged:,} the same"
    )
    for change in found.changes:
        sign, tone = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}[
            change.change
        ]
        out.print(f"[{tone}]{sign}[/{tone}] {_safe(change.path)}", soft_wrap=True)
    left = found.added + found.changed + found.removed - len(found.changes)
    if left > 0:
        out.print(f"[dim]and {left:,} more; --limit shows them[/dim]")


@app.command()
def checkout(
    ref: Ref,
    folder: Annotated[Path, typer.Argument(help="Where to; made if it is not there.")],
    pattern: Pattern = None,
    hardlink: Annotated[
        bool, typer.Option("--hardlink", help="Read-only links to one copy in the store.")
    ] = False,
    copy: Annotated[bool, typer.Option("--copy", help="Copies, even where blocks can be shared.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Local changes may be lost.")] = False,
) -> None:
    """Make a folder hold a version; only what differs is written.

    Example: pomona files checkout pets@v2 photos --pattern 'cats/**'
    """
    with client() as pomona, _progress("writing") as report:
        found = pomona.files.checkout(
            ref,
            folder,
            patterns=pattern or (),
            link="hardlink" if hardlink else "copy" if copy else "auto",
            force=force,
            progress=report,
        )
    done(
        f"{found.ref} in {folder}: {found.written:,} files written ({in_bytes(found.size)}), "
        f"{found.removed:,} removed, {found.kept:,} were there"
    )


@app.command("ls")
def list_(
    ref: Annotated[str | None, typer.Argument(help="A version, to list its files.")] = None,
    pattern: Annotated[
        list[str] | None, typer.Option("--pattern", "-p", help="Only files like this.")
    ] = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """List file sets, newest first; or the files of a version."""
    with client() as pomona:
        if ref is None:
            columns: list[tuple[str, Any]] = [
                ("name", lambda f: f.name),
                ("created", lambda f: f.created_at),
                ("purposes", lambda f: ", ".join(f.purposes) or None),
                ("description", lambda f: f.description),
            ]
            empty = "no file set yet: `pomona files create NAME`, then `pomona files add NAME FOLDER`"
            show_rows(pomona.files.list(limit=limit), columns, json=json, empty=empty)
            return
        found = pomona.files.find(ref, *(pattern or ()), limit=limit)
    columns = [
        ("path", lambda f: _plain(f.path)),
        ("size", lambda f: in_bytes(f.size)),
        ("digest", lambda f: f.digest[:12]),
        ("", lambda f: f"link to {_plain(f.target)}" if f.target else "" if f.mode == "file" else f.mode),
    ]
    show_rows(found.items, columns, json=json, empty="no such file in it")
    if not json and found.files > len(found.items):
        out.print(f"[dim]{len(found.items)} of {found.files:,} files; --limit shows more[/dim]")


@app.command()
def versions(name: Name, json: Json = False) -> None:
    """List the versions of a file set, newest first."""
    with client() as pomona:
        show_rows(
            [version.record for version in pomona.files.versions(name)],
            [
                ("version", lambda v: f"v{v.number}"),
                ("added", lambda v: v.created_at),
                ("files", lambda v: v.files),
                ("size", lambda v: in_bytes(v.size)),
                ("new", lambda v: in_bytes(v.size_new)),
                ("+", lambda v: v.files_added),
                ("~", lambda v: v.files_changed),
                ("-", lambda v: v.files_removed),
                ("digest", lambda v: v.digest[:12]),
                ("note", lambda v: "dropped" if v.dropped_at else v.note),
            ],
            json=json,
            empty=f"no version yet: `pomona files add {name} FOLDER` makes the first",
        )


@app.command()
def show(ref: Ref, json: Json = False) -> None:
    """Show a version: files, bytes, digest, kinds."""
    with client() as pomona:
        show_one(pomona.files.version(ref).record, json=json)


@app.command()
def verify(ref: Ref, json: Json = False) -> None:
    """Read every file of a version again and compare it with its digest. Exit 1 on damage."""
    with client() as pomona, _progress("reading") as report:
        found = pomona.files.verify(ref, progress=report)
    if json:
        show_one(found, json=True)
    elif not found.bad:
        done(f"{found.files:,} files, {in_bytes(found.size)}: each matches its digest")
    for bad in () if json else found.bad[:_SHOWN]:
        err.print(f"[red]{_safe(bad.path)}[/red]: {_safe(bad.problem)}", soft_wrap=True)
    if found.bad:
        err.print(f"[red]{len(found.bad):,} of {found.files:,} files are damaged[/red]")
        raise typer.Exit(1)


@app.command()
def drop(ref: Ref) -> None:
    """Give a version's files up; its record stays. Refused while a run names it."""
    with client() as pomona:
        gone = pomona.files.drop(ref)
    done(f"{gone.file_set}@v{gone.number} is dropped; `pomona files gc` tells what that frees")


@app.command()
def gc(
    sweep: Annotated[bool, typer.Option("--sweep", help="Do it; without, only tell what would go.")] = False,
    older_than: Annotated[float, typer.Option(help="Hours; younger contents stay.")] = 24.0,
    json: Json = False,
) -> None:
    """Free contents that no version needs."""
    with client() as pomona:
        found = pomona.files.gc(dry_run=not sweep, older_than_h=older_than)
    if json:
        show_one(found, json=True)
        return
    word = "freed" if found.done else "would free"
    done(
        f"{word} {in_bytes(found.size)}: {found.chunks:,} contents in {found.packs:,} packs "
        f"({found.rewritten:,} written anew, {found.kept_young:,} too young to be judged)"
    )


def in_bytes(size: int) -> str:
    """Bytes for the eye, in powers of 1000."""
    value, unit = float(size), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} B" if unit == 0 else f"{value:.3g} {_UNITS[unit]}"


def _show_status(found: "FolderStatus", folder: Path, *, json: bool) -> None:
    if json:
        show_one(found, json=True)
        return
    for paths, sign, tone in (
        (found.new, "+", "green"),
        (found.changed, "~", "yellow"),
        (found.deleted, "-", "red"),
    ):
        for path in paths[:_SHOWN]:
            out.print(f"[{tone}]{sign}[/{tone}] {_safe(path)}", soft_wrap=True)
        if len(paths) > _SHOWN:
            out.print(f"[dim]{sign} and {len(paths) - _SHOWN:,} more[/dim]")
    if found.clean:
        done(f"{folder} is {found.ref}: {found.unchanged:,} files")
    else:
        out.print(
            f"{folder} against {found.ref}: {len(found.new):,} new, {len(found.changed):,} changed, "
            f"{len(found.deleted):,} deleted, {found.unchanged:,} the same"
        )


def _plain(path: str) -> str:
    """A path that cannot steer a terminal."""
    return path if path.isprintable() else repr(path)


def _safe(text: str) -> str:
    from rich.markup import escape

    return escape(_plain(text))


@contextmanager
def _progress(what: str) -> Iterator["Report | None"]:
    if not err.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), DownloadColumn(), TextColumn("{task.fields[files]}"))
    with Progress(*columns, TimeRemainingColumn(), console=err, transient=True) as bar:
        task = bar.add_task(what, total=None, files="")

        def report(seen: "Seen") -> None:
            words = f"{seen.files:,} of {seen.files_total:,} files"
            bar.update(task, completed=seen.size, total=seen.size_total, files=words)

        yield report
