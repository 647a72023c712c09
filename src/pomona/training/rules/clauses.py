"""Clauses of the search grammar, word by word: what each thing's own grammar is built from."""

import ast
import re
from typing import Never

from pomona.core.errors import Invalid

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<key>  (?:`[^`]+`|[A-Za-z_][\w]*)
        (?: \.(?: `[^`]+` | "[^"]+" | [\w]+ ) (?: \.(?: `[^`]+` | [\w]+ ) )* )? )
    | (?P<text> '(?:''|\\'|[^'])*' | "(?:[^"])*" )
    | (?P<number> [-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)? )
    | (?P<op> <> | != | >= | <= | == | = | > | < )
    | (?P<list> \( [^()]* \) )
    )""",
    re.VERBOSE,
)
_WORD_OPS = (
    ("IS", "NOT", "NULL"),
    ("IS", "NULL"),
    ("NOT", "IN"),
    ("IN",),
    ("LIKE",),
    ("ILIKE",),
    ("RLIKE",),
)


def tokens_of(text: str) -> list[tuple[str, str]]:
    """Words of a clause with their kind: key, text, number, op or list.

    Raises:
        Invalid: Naming the rest that cannot be read.
    """
    found: list[tuple[str, str]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            bad_clause(text[at:end].strip())
        found.append((match.lastgroup, match.group(match.lastgroup)))
        at = match.end()
    return found


def skip_and(tokens: list[tuple[str, str]]) -> None:
    """Take the ANDs before the next condition: one too many is taken for none, as the reference does."""
    while tokens and tokens[0][0] == "key" and tokens[0][1].upper() == "AND":
        del tokens[0]


def expect_and(tokens: list[tuple[str, str]]) -> None:
    """Take the AND between two conditions.

    Raises:
        Invalid: If something else stands there.
    """
    kind, word = tokens[0]
    if kind != "key" or word.upper() != "AND":
        bad_clause(word)
    skip_and(tokens)


def operator_of(tokens: list[tuple[str, str]], after: str) -> str:
    """Take the operator that follows a key."""
    words = tuple(word.upper() for _, word in tokens[:3])
    if tokens and tokens[0][0] == "op":
        return tokens.pop(0)[1]
    for wanted in _WORD_OPS:
        if words[: len(wanted)] == wanted:
            del tokens[: len(wanted)]
            return " ".join(wanted)
    return bad_clause(" ".join([after, *(word for _, word in tokens[:1])]))


def quoted_list(word: str) -> tuple[str, ...]:
    """A list of quoted texts.

    Raises:
        Invalid: If it is none.
    """
    try:
        parsed = ast.literal_eval(word)
    except (SyntaxError, ValueError):
        raise Invalid(
            "While parsing a list in the query, expected a non-empty list of string values, but got"
            " ill-formed list."
        ) from None
    if parsed == ():
        raise Invalid(
            "While parsing a list in the query, expected a non-empty list of string values, but got empty"
            " list"
        )
    values = parsed if isinstance(parsed, tuple) else (parsed,)
    if not values or not all(isinstance(value, str) for value in values):
        raise Invalid(
            "While parsing a list in the query, expected string value, punctuation, or whitespace, but got "
            f"different type in list: {values}"
        )
    return values


def unquote(word: str) -> str:
    """A name without the quotes or backticks around it."""
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "`'\"" else word


def bad_clause(text: str) -> Never:
    """Refuse a clause.

    Raises:
        Invalid: Always.
    """
    raise Invalid(f"Invalid clause(s) in filter string: '{text}'")
