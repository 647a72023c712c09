"""Two versions of a prompt side by side: lines that fit each other, and the words in which they differ."""

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import zip_longest

from pomona.registry.prompts.records import PromptDiff, PromptPart, PromptText, TextLine, TextPiece

_WORDS = re.compile(r"\{\{.*?\}\}|\w+|\s+|[^\w\s]")
_MOST_LINES, _MOST_WORDS = 5_000, 4_000  # beyond, the exact answer would take seconds
_MOST_PAIRS = 10_000  # old lines times new ones within one change
_ALIKE = 0.35  # share of common words from which two lines are one that was changed


def diff_of(before: PromptText, after: PromptText) -> PromptDiff:
    """How ``after`` differs from ``before``."""
    parts = [
        PromptPart(
            before=old and old[0],
            after=new and new[0],
            lines=lines_of(old[1] if old else None, new[1] if new else None),
        )
        for old, new in _matched(_contents(before), _contents(after))
    ]
    return PromptDiff(
        before=before,
        after=after,
        same=before.template() == after.template(),
        parts=parts,
        variables_added=tuple(name for name in after.variables if name not in before.variables),
        variables_removed=tuple(name for name in before.variables if name not in after.variables),
    )


def _contents(version: PromptText) -> list[tuple[str, str]]:
    """Role and text of each message; a text has no role."""
    if version.kind == "text":
        return [("", version.text)]
    return [(one.role, one.content) for one in version.messages]


_Part = tuple[str, str]


def _matched(old: list[_Part], new: list[_Part]) -> list[tuple[_Part | None, _Part | None]]:
    """Messages that stand for each other: those that did not change, between them those of one role."""
    found: list[tuple[_Part | None, _Part | None]] = []
    for what, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            found += zip(old[i1:i2], new[j1:j2], strict=True)
        else:
            found += _by_role(old[i1:i2], new[j1:j2])
    return found


def _by_role(old: list[_Part], new: list[_Part]) -> list[tuple[_Part | None, _Part | None]]:
    roles = [role for role, _ in old], [role for role, _ in new]
    found: list[tuple[_Part | None, _Part | None]] = []
    for _, i1, i2, j1, j2 in SequenceMatcher(None, *roles, autojunk=False).get_opcodes():
        found += zip_longest(old[i1:i2], new[j1:j2])
    return found


def lines_of(before: str | None, after: str | None) -> list[TextLine]:
    """The lines of two texts beside one another.

    >>> [line] = lines_of("Dear {{name}}", "Hi {{name}}")
    >>> [piece.text for piece in line.before if piece.changed], [p.text for p in line.after if p.changed]
    (['Dear'], ['Hi'])
    """
    old = [] if before is None else before.split("\n")
    new = [] if after is None else after.split("\n")
    if max(len(old), len(new)) > _MOST_LINES:
        return [_line(*pair) for pair in zip_longest(old, new)]
    found: list[TextLine] = []
    for what, i1, i2, j1, j2 in SequenceMatcher(None, old, new).get_opcodes():
        if what == "equal":
            found += [TextLine(before=_same(line), after=_same(line)) for line in old[i1:i2]]
        else:
            found += [_line(*pair) for pair in _paired(old[i1:i2], new[j1:j2])]
    return found


def _paired(old: Sequence[str], new: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """Changed lines with what became of them: the pairing whose lines have most words in common."""
    if len(old) * len(new) > _MOST_PAIRS:
        return list(zip_longest(old, new))
    before, after = [Counter(_words(line)) for line in old], [Counter(_words(line)) for line in new]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]  # [i][j]: of old[i:] with new[j:]
    alike = [[_likeness(one, other) for other in after] for one in before]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            together = best[i + 1][j + 1] + alike[i][j] if alike[i][j] >= _ALIKE else 0.0
            best[i][j] = max(best[i + 1][j], best[i][j + 1], together)
    found: list[tuple[str | None, str | None]] = []
    i = j = 0
    while i < len(old) and j < len(new):
        if alike[i][j] >= _ALIKE and best[i][j] == best[i + 1][j + 1] + alike[i][j]:
            found.append((old[i], new[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            found.append((old[i], None))
            i += 1
        else:
            found.append((None, new[j]))
            j += 1
    return [*found, *((line, None) for line in old[i:]), *((None, line) for line in new[j:])]


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """Common words over all words, blanks not counted: 0 to 1."""
    total = sum(one.values()) + sum(other.values())
    return 2 * sum((one & other).values()) / total if total else 1.0


def _line(before: str | None, after: str | None) -> TextLine:
    if before is None or after is None:
        return TextLine(before=_whole(before), after=_whole(after))
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if max(len(old), len(new)) > _MOST_WORDS:
        return TextLine(before=_whole(before), after=_whole(after))
    left: list[TextPiece] = []
    right: list[TextPiece] = []
    for what, i1, i2, j1, j2 in SequenceMatcher(None, old, new).get_opcodes():
        for side, words in ((left, old[i1:i2]), (right, new[j1:j2])):
            if words:
                side.append(TextPiece(text="".join(words), changed=what != "equal"))
    return TextLine(before=tuple(left), after=tuple(right))


def _words(line: str) -> list[str]:
    return [word for word in _WORDS.findall(line) if not word.isspace()]


def _same(line: str) -> tuple[TextPiece, ...]:
    return (TextPiece(text=line),)


def _whole(line: str | None) -> tuple[TextPiece, ...] | None:
    return None if line is None else (TextPiece(text=line, changed=True),)
