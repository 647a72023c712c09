"""The same requests to two servers of the protocol, and where their answers differ.

A request is ``(method, path, fields)``: fields of a GET go into the address, others into the body. A text
``{name}`` in path or fields stands for what an earlier answer gave: ``=> name: a.b.0.c`` after the path.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

Ask = Callable[[str, str, Any], tuple[int, Any]]
Case = tuple[str, str, Any]

_UNEQUAL = re.compile(
    r"[0-9a-f]{32}|m-[0-9a-f]{32}|\b1[0-9]{12}\b|(?:whk|mv|mdl)_[0-9a-z]{26}"  # ids and times
    r"|[0-9a-f]{8}-[0-9a-f-]{27}|\b(?=[a-f]*[0-9])[0-9a-f]{8}\b"  # and digests of them
)
# Where this server answers more, less or otherwise on purpose.
_EXTRA = frozenset(
    {"hint", "sqlstate", "error_class", "workspace", "experiment_id", "experiment_ids", "user_id"}
)
_OWN = ("next_page_token", "last_update_time")
_LISTED = re.compile(
    r"(not one of|Valid (?:keys|values|entity types) are|Only \[|mandatory fields: ).*", re.DOTALL
)  # in any order


def differences(ours: Ask, theirs: Ask, cases: Sequence[Case]) -> Iterator[tuple[str, str]]:
    """Requests whose answers differ, and how."""
    known: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for method, path, fields in cases:
        plain, _, kept = path.partition(" => ")
        answers = []
        for ask, names in zip((ours, theirs), known, strict=True):
            status, body = ask(method, _filled(plain, names), _filled(fields, names))
            if kept:
                name, _, place = kept.partition(": ")
                names[name] = str(_at(body, place))
            answers.append((status, _cut(body), names))
        (our_status, our_body, _), (their_status, their_body, _) = answers
        asked = f"{method} {plain} {fields}"
        if our_status != their_status:
            yield (
                asked,
                f"{our_status} {str(our_body)[:200]} instead of {their_status} {str(their_body)[:200]}",
            )
        elif our_status >= 400:
            yield from ((asked, text) for text in _unlike_errors(our_body, their_body))
        else:
            yield from ((asked, text) for text in _unlike(our_body, their_body))


def _unlike_errors(ours: Any, theirs: Any) -> Iterator[str]:
    if ours.get("error_code") != theirs.get("error_code"):
        yield f"{ours.get('error_code')} instead of {theirs.get('error_code')}: {theirs.get('message')}"
    said, wanted = _message(ours), _message(theirs)
    if not said.startswith(wanted):
        yield f"says {said[:200]!r} instead of {wanted[:200]!r}"


def _message(body: Any) -> str:
    text = _normal(body.get("message", "")).partition(" Error: (")[0]  # not what SQLite said
    return text.replace("'", "") if text.startswith("Invalid clause") else text


def _unlike(ours: Any, theirs: Any, at: str = "") -> Iterator[str]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        yield from _unlike_objects(ours, theirs, at)
    elif isinstance(theirs, list) and isinstance(ours, list):
        if len(ours) != len(theirs):
            yield f"{at}: {len(ours)} instead of {len(theirs)}: {ours} {theirs}"
        for index, (one, other) in enumerate(zip(_ordered(ours), _ordered(theirs), strict=False)):
            yield from _unlike(one, other, f"{at}[{index}]")
    elif (read := _read(theirs)) is not None:
        yield from _unlike(_read(ours), read, f"{at}(JSON)")
    elif _is_other(ours, theirs):
        yield f"{at}: {ours!r} instead of {theirs!r}"


def _unlike_objects(ours: dict[str, Any], theirs: dict[str, Any], at: str) -> Iterator[str]:
    for key in sorted(set(ours) | set(theirs)):
        if key in ours and key in theirs:
            yield from _unlike(ours[key], theirs[key], f"{at}.{key}")
        elif key in theirs and not _is_empty(theirs[key]):
            yield f"lacks {at}.{key} = {theirs[key]!r}"
        elif key in ours and not _is_empty(ours[key]):
            yield f"has {at}.{key} = {ours[key]!r} in excess"


def _is_other(ours: Any, theirs: Any) -> bool:
    numbers = (int, float)  # 43 and 43.0 are the same
    same = isinstance(ours, numbers) and isinstance(theirs, numbers) and ours == theirs
    return not same and _normal(ours) != _normal(theirs)


def _read(value: Any) -> Any:
    """The object or list that a text writes as JSON; None if it is none."""
    try:
        found = json.loads(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if isinstance(found, dict | list) else None


def _is_empty(value: Any) -> bool:
    return (
        all(_is_empty(item) for item in value.values())
        if isinstance(value, dict)
        else value in ([], "", None)
    )


def _ordered(found: list[Any]) -> list[Any]:
    """Pairs have no order of their own."""
    if found and all(isinstance(item, dict) and "key" in item for item in found):
        return sorted(found, key=lambda item: (str(item["key"]), str(item.get("step"))))
    return found


def _normal(value: Any) -> str:
    text = _LISTED.sub(r"\1", _UNEQUAL.sub("#", str(value)))
    text = re.sub(r"mlflow-artifacts:/\d+|\b\d+(?=/#)", "#", text)
    return re.sub(r"\b[a-z]+-[a-z]+-\d{1,3}\b", "#", text)  # names that servers make up


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        for name, known in names.items():
            value = value.replace(f"{{{name}}}", known)
        return value
    if isinstance(value, list):
        return [_filled(item, names) for item in value]
    if isinstance(value, dict):
        return {key: _filled(item, names) for key, item in value.items()}
    return value


def _cut(body: Any) -> Any:
    if isinstance(body, dict):
        told = {key: _cut(value) for key, value in body.items() if key not in _EXTRA}
        return told | {key: "as the server likes" for key in _OWN if told.get(key)}
    return [_cut(item) for item in body] if isinstance(body, list) else body


def _at(body: Any, place: str) -> Any:
    for part in place.split("."):
        body = body[int(part)] if part.isdigit() else body[part]
    return body
