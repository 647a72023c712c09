"""Markdown that says what it was told, whatever characters that has."""

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\`*_\[\]|~])")
_LONGEST = 300


def plain(value: object) -> str:
    r"""One value as text of one line, without meaning to Markdown or HTML.

    >>> print(plain("a|b\n<script>"))
    a\|b &lt;script&gt;
    """
    text = " ".join(str(value).split())
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return _SPECIAL.sub(r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def code(value: object) -> str:
    """One value in a fixed width; a backtick in it becomes an apostrophe."""
    return f"`{' '.join(str(value).split()).replace('`', chr(39)).replace('|', '/')}`"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty if it has no rows. Cells are Markdown already."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}", *lines])


def number(value: float) -> str:
    """A number for the eye."""
    return f"{value:,.6g}"
