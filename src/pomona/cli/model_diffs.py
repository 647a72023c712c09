"""``pomona models diff``: two model versions side by side."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from pomona.cli.console import Json, client, out, show_one, show_rows

if TYPE_CHECKING:
    from pomona.registry.comparing.records import DataChange, MetricChange, ModelDiff, Side

_TONES = {"added": "green", "removed": "red", "changed": "yellow", "better": "green", "worse": "red"}


def diff(
    before: Annotated[str, typer.Argument(help="A version: name/1, name@champion or mv_...")],
    after: Annotated[str, typer.Argument(help="The other one; a bare number is one of the same model.")],
    everything: Annotated[bool, typer.Option("--all", help="Also what is the same in both.")] = False,
    json: Json = False,
) -> None:
    """Show how one model version differs from another: metrics, params, data, code, packages, files.

    Example: pomona models diff flight-delay@champion flight-delay/4
    """
    if after.isdecimal():
        after = f"{before.removeprefix('models:/').partition('@')[0].partition('/')[0]}/{after}"
    with client() as pomona:
        found = pomona.models.diff(before, after)
    if json:
        show_one(found, json=True)
        return
    _facts(found)
    _metrics(found, everything)
    for title, items in (
        ("params", found.params),
        ("packages", found.packages),
        ("signature", found.signature),
        ("flavors", found.flavors),
        ("files", found.files),
    ):
        _values(title, items, everything)


def _facts(found: "ModelDiff") -> None:
    one, other = found.before, found.after
    rows: list[tuple[str, Any, Any]] = [
        ("aliases", ", ".join(one.aliases) or None, ", ".join(other.aliases) or None),
        ("run", one.run, other.run),
        ("hypothesis", one.hypothesis, other.hypothesis),
        ("code", _code(one), _code(other)),
        ("gate", _gate(one), _gate(other)),
        ("latency", _latency(one), _latency(other)),
        ("size", f"{one.size:,} bytes", f"{other.size:,} bytes"),
        ("digest", one.digest[:12], other.digest[:12]),
        ("trained on", found.data.before_ref or one.data_version, found.data.after_ref or other.data_version),
    ]
    columns = [
        ("", lambda row: row[0]),
        (f"{one.model}/{one.number}", lambda row: row[1]),
        (f"{other.model}/{other.number}", lambda row: row[2]),
    ]
    show_rows(rows, columns, json=False, empty="")
    out.print(f"data: {_data(found.data)}")
    if found.same_files:
        out.print("[dim]both have the same files, bit for bit[/dim]")


def _data(data: "DataChange") -> str:
    if data.same:
        return "the same version"
    if data.added is None:
        return f"[dim]{data.note}[/dim]"
    return (
        f"[green]+{data.added:,} added[/green], [red]-{data.removed:,} removed[/red], "
        f"[yellow]~{data.changed:,} changed[/yellow] "
        f"[dim](pomona data diff {data.before_ref} {data.after_ref})[/dim]"
    )


def _metrics(found: "ModelDiff", everything: bool) -> None:
    shown = [item for item in found.metrics if everything or item.delta != 0]
    if not shown:
        return
    out.print("\n[bold]metrics[/bold]")
    columns = [
        ("metric", lambda m: m.name),
        ("before", lambda m: m.before),
        ("after", lambda m: m.after),
        ("delta", _delta),
        ("", lambda m: Text(m.verdict if m.verdict != "unknown" else "", style=_TONES.get(m.verdict, ""))),
    ]
    show_rows(shown, columns, json=False, empty="")


def _delta(metric: "MetricChange") -> str | None:
    if metric.delta is None:
        return None
    share = f" ({metric.relative:+.2%})" if metric.relative is not None else ""
    return f"{metric.delta:+.4g}{share}"


def _values(title: str, items: Any, everything: bool) -> None:
    shown = [item for item in items if everything or item.change != "same"]
    if not shown:
        return
    same = len(items) - len(shown)
    out.print(f"\n[bold]{title}[/bold]" + (f" [dim]{same} the same[/dim]" if same else ""))
    columns = [
        (title.removesuffix("s"), lambda item: getattr(item, "name", None) or item.path),
        ("", lambda item: Text(item.change, style=_TONES.get(item.change, "dim"))),
        ("before", lambda item: item.before),
        ("after", lambda item: item.after),
    ]
    show_rows(shown, columns, json=False, empty="")


def _code(side: "Side") -> str | None:
    if side.code is None:
        return None
    from pomona.training.code.rules import said_of

    return said_of(side.code) or side.code.source


def _latency(side: "Side") -> str | None:
    found = side.latency
    if found is None:
        return None
    return f"{found.p50_ms:g} ms, p95 {found.p95_ms:g} ms ({found.predictions:,} predictions)"


def _gate(side: "Side") -> str | None:
    return None if side.gate is None else "passed" if side.gate.passed else "refused"
