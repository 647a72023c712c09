"""``pomona data check`` and ``checks``: run checks, keep them as a file, look at what they found."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from pomona.cli.console import Json, Limit, client, done, show_rows

if TYPE_CHECKING:
    from pomona.data.checks.records import CheckPoint, ChecksFile
    from pomona.data.records import Quality, QualityReport

app = typer.Typer(no_args_is_help=True, help="Checks as a file in your repository, and what they found.")

Name = Annotated[str, typer.Argument(help="The dataset's name, e.g. flights or nyc/flights.")]
Ref = Annotated[str, typer.Argument(help="A version: flights, flights@v3, flights@newest or its id.")]
File = Annotated[Path, typer.Argument(help="YAML or JSON file of checks.", exists=True, dir_okay=False)]
To = Annotated[Path | None, typer.Option(help="Write this file instead of printing.")]
Of = Annotated[str | None, typer.Option("--dataset", help="If the file names none, or another is meant.")]

_TONES: "dict[Quality, str]" = {"green": "green", "warn": "yellow", "fail": "red", "critical": "bold red"}
_BARS = "▁▂▃▄▅▆▇█"
_SUFFIXES = (".yaml", ".yml", ".json")


def check(
    what: Annotated[str, typer.Argument(help="A version (flights, flights@v3), or a file of checks.")],
    run: Annotated[bool, typer.Option("--run", help="Run the declared checks now.")] = False,
    on: Annotated[
        str | None, typer.Option(help="The version a file is tried on; default the newest.")
    ] = None,
    json: Json = False,
) -> None:
    """Show what the checks found on a version, or try a file of checks without storing anything.

    A tried file that fails ends with exit code 1, so that a pipeline can stop there.

    Examples:
      pomona data check flights@v3
      pomona data check flights --run
      pomona data check checks.yaml --on flights@v2
    """
    if what.endswith(_SUFFIXES):
        file = read_checks(Path(what))
        with client() as pomona:
            ref = on or f"{_dataset(file, None)}@newest"
            version = pomona.data.version(ref)
            report = pomona.data.try_checks(version.id, file.checks)
        show_report(report, json=json)
        if report.quality in ("fail", "critical"):
            raise typer.Exit(1)
        return
    with client() as pomona:
        version = pomona.data.version(what)
        report = pomona.data.recheck(version.id) if run else version.quality()
    show_report(report, json=json)


@app.command()
def export(name: Name, to: To = None) -> None:
    """Write a dataset's checks as YAML, to keep in your repository.

    Example: pomona data checks export flights --to checks.yaml
    """
    from pomona.data.checks.files import write_checks

    with client() as pomona:
        dataset = pomona.data.dataset(name)
    _put(write_checks(dataset.checks, dataset=dataset.name), to, f"{len(dataset.checks)} checks")


@app.command()
def apply(
    file: File,
    dataset: Of = None,
    run: Annotated[bool, typer.Option("--run", help="And run them on the newest version now.")] = False,
) -> None:
    """Replace a dataset's checks by those of a file.

    Example: pomona data checks apply checks.yaml --run
    """
    checks = read_checks(file)
    name = _dataset(checks, dataset)
    with client() as pomona:
        pomona.data.declare_checks(name, checks.checks)
        done(f"{name} has {len(checks.checks)} checks; the next commit runs them")
        if run:
            show_report(pomona.data.recheck(f"{name}@newest"), json=False)


@app.command()
def suggest(ref: Ref, to: To = None) -> None:
    """Propose checks that a version meets: a beginning, for you to tighten.

    Example: pomona data checks suggest flights --to checks.yaml
    """
    from pomona.data.checks.files import write_checks

    with client() as pomona:
        version = pomona.data.version(ref)
        checks = pomona.data.suggest_checks(version.id)
    _put(write_checks(checks, dataset=version.record.dataset), to, f"{len(checks)} checks")


@app.command()
def history(name: Name, json: Json = False) -> None:
    """Show each check over the versions, oldest first."""
    with client() as pomona:
        found = pomona.data.check_history(name)
    show_rows(
        found,
        [
            ("check", lambda h: h.name),
            ("newest", lambda h: h.points[-1].quality),
            ("over versions", lambda h: Text.from_markup(sparkline(h.points))),
            ("from", lambda h: f"v{h.points[0].number}"),
            ("to", lambda h: f"v{h.points[-1].number}"),
            ("found", lambda h: h.points[-1].detail),
        ],
        json=json,
        empty=f"no check was run yet: `pomona data checks suggest {name}` proposes some",
    )


@app.command()
def failing(
    ref: Ref,
    name: Annotated[str, typer.Argument(metavar="CHECK", help="The check, as `pomona data check` names it.")],
    offset: Annotated[int, typer.Option(help="Leave out this many first.")] = 0,
    limit: Limit = 20,
    to: Annotated[Path | None, typer.Option(help="Write a .parquet or .csv file, up to 100,000.")] = None,
) -> None:
    """Show the rows of a version that fail a check.

    Example: pomona data checks failing flights@v3 "range air_time" --to bad.csv
    """
    from pomona.cli.data import write_table

    with client() as pomona:
        version = pomona.data.version(ref)
        table = version.failing(name, offset=offset, limit=100_000 if to is not None else limit)
    if to is not None:
        write_table(table, to)
        done(f"{table.num_rows:,} rows of {version.ref} in {to}")
        return
    show_rows(
        table.to_pylist(),
        [(column, lambda row, column=column: row[column]) for column in table.column_names],  # type: ignore[misc]
        json=False,
        empty="no row fails it",
    )


def read_checks(path: Path) -> "ChecksFile":
    """The checks in a YAML or JSON file.

    Raises:
        Invalid: Naming the line and the field that is wrong.
        NotFound: If there is no such file.
    """
    from pomona.core.errors import Invalid, NotFound
    from pomona.data.checks.files import read_checks

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotFound(f"no file {path}", hint="check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} cannot be read: {error}", hint="is it a text file?") from error
    return read_checks(text, name=str(path))


def show_report(report: "QualityReport", *, json: bool) -> None:
    """Print what the checks found, the worst first, or a JSON line each."""
    show_rows(
        sorted(report.results, key=lambda r: list(_TONES).index(r.quality), reverse=True),
        [
            ("check", lambda r: r.name),
            ("quality", lambda r: r.quality),
            ("failing", lambda r: r.failing),
            ("share", lambda r: f"{r.share:.3%}"),
            ("found", lambda r: r.detail),
            ("e.g.", lambda r: r.examples[0] if r.examples else None),
        ],
        json=json,
        empty="no checks are declared: `pomona data checks suggest DATASET` proposes some",
    )


def show_wrong(report: "QualityReport") -> None:
    """Print what did not pass."""
    import msgspec

    wrong = tuple(result for result in report.results if result.quality != "green")
    show_report(msgspec.structs.replace(report, results=wrong), json=False)


def sparkline(points: "Sequence[CheckPoint]", *, width: int = 40) -> str:
    """The newest results as bars, high where much fails, in the colours of their levels."""
    shown = points[-width:]
    highest = max((point.share for point in shown), default=0.0) or 1.0
    bars = (
        f"[{_TONES[point.quality]}]{_BARS[round(point.share / highest * (len(_BARS) - 1))]}[/]"
        for point in shown
    )
    return "".join(bars)


def _dataset(file: "ChecksFile", named: str | None) -> str:
    from pomona.core.errors import Invalid

    name = named or file.dataset
    if name is None:
        raise Invalid("the file names no dataset", hint="begin it with `dataset: flights`, or say --dataset")
    return name


def _put(text: str, to: Path | None, what: str) -> None:
    if to is None:
        sys.stdout.write(text)
        return
    to.write_text(text, encoding="utf-8")
    done(f"{what} in {to}")
