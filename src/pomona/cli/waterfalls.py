"""A trace in the terminal: the tree of its spans at the left, when each ran at the right."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from pomona.cli.console import Paper

if TYPE_CHECKING:
    from pomona.training.traces.shown import SpanLine

_TONES = {
    **dict.fromkeys(("LLM", "CHAT_MODEL"), "blue"),
    **dict.fromkeys(("AGENT", "WORKFLOW", "EVALUATOR"), "magenta"),
    **dict.fromkeys(("TOOL", "GUARDRAIL"), "yellow"),
    **dict.fromkeys(("RETRIEVER", "RERANKER", "EMBEDDING", "PARSER", "MEMORY"), "green"),
}
_EIGHTHS = "▏▎▍▌▋▊▉█"
_TOOK = 9  # columns for "1,234 ms"
_BARS = 60  # columns for the bars where a program reads


def draw(console: Paper, lines: "Sequence[SpanLine]", length_ms: float, *, most: int) -> None:
    """Print at most ``most`` spans, each with its bar; errors stand below their span."""
    shown = lines[:most]
    stems = _stems(lines)[:most]
    widest = max((len(stem) + len(line.name) for stem, line in zip(stems, shown, strict=True)), default=0)
    left = max(12, min(widest + 1, console.width // 2))
    room = _BARS if console.piped else max(10, console.width - left - _TOOK - 2)
    for stem, line in zip(stems, shown, strict=True):
        console.print(_row(stem, line, length_ms, left, room), no_wrap=True, overflow="crop", crop=True)
        if line.error and line.children == 0:
            console.print(Text(f"{' ' * len(stem)}  {line.error}", style="red"))
    if len(lines) > most:
        console.print(f"[dim]{len(lines) - most:,} more spans: --all shows them[/dim]")


def _row(stem: str, line: "SpanLine", length_ms: float, left: int, room: int) -> Text:
    failed = line.status == "ERROR"
    tone = "red" if failed else _TONES.get(line.kind, "cyan")
    name = line.name if len(stem) + len(line.name) < left else f"{line.name[: max(1, left - len(stem) - 2)]}…"
    row = Text(stem, style="dim")
    row.append(name, style="bold red" if failed else "bold" if line.depth == 0 else "")
    row.append(" " * max(1, left - len(row)))
    row.append(took(line.duration_ms).rjust(_TOOK), style="dim")
    row.append("  ")
    return row.append(_bar(line, length_ms, room), style=tone)


def _bar(line: "SpanLine", length_ms: float, room: int) -> str:
    """Blocks from where it began to where it ended, to an eighth of a column."""
    if length_ms <= 0:
        return _EIGHTHS[-1] * room
    start = min(room - 1, int(line.start_ms / length_ms * room))
    if line.duration_ms is None:
        return " " * start + "╌" * (room - start)
    eighths = max(1, round(line.duration_ms / length_ms * room * 8))
    eighths = min(eighths, (room - start) * 8)
    rest = eighths % 8
    return " " * start + _EIGHTHS[-1] * (eighths // 8) + (_EIGHTHS[rest - 1] if rest else "")


def _stems(lines: "Sequence[SpanLine]") -> list[str]:
    """The branches before each name: ``├─``, ``└─`` and what runs on beside them."""
    found: list[str] = []
    more: list[bool] = []  # for each depth, whether a sibling is still to come
    goes_on: set[int] = set()
    for line in reversed(lines):  # from below one sees whether a branch goes on
        more.append(line.depth in goes_on)
        goes_on = {depth for depth in goes_on if depth < line.depth} | {line.depth}
    more.reverse()
    open_: list[bool] = []
    for line, another in zip(lines, more, strict=True):
        del open_[line.depth :]
        above = "".join("│  " if on else "   " for on in open_[1:])
        found.append("" if line.depth == 0 else f"{above}{'├─' if another else '└─'} ")
        open_.append(another)
    return found


def took(ms: float | None) -> str:
    """Milliseconds for the eye.

    >>> took(0.25), took(12.4), took(2500.0), took(None)
    ('0.25 ms', '12 ms', '2.5 s', 'running')
    """
    if ms is None:
        return "running"
    if ms < 1:
        return f"{ms:.2g} ms"
    return f"{ms:,.0f} ms" if ms < 1000 else f"{ms / 1000:,.3g} s"
