"""A dataset's checks as a file: YAML (or JSON, which is YAML), with errors that name the line."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, get_args

import msgspec

from pomona.core.errors import Invalid, MissingExtra
from pomona.data.checks.records import ChecksFile
from pomona.data.records import Check, CheckKind
from pomona.data.rules import check_checks, name_of

_EXAMPLE = "a list of checks, e.g.\n- {kind: not_null, column: carrier, warn: 0.001, fail: 0.01}"
_FIELDS = tuple(field.name for field in msgspec.structs.fields(Check))


def read_checks(text: str, *, name: str = "checks") -> ChecksFile:
    """The checks in a file's text: a list, or ``dataset`` and ``checks``.

    Args:
        name: Of the file, for the errors.

    Raises:
        Invalid: Naming the line and the field that is wrong.
    """
    root = _compose(text, name)
    dataset, items = None, root
    if root is not None and root.id == "mapping":
        fields = {key.value: (key, value) for key, value in root.value}
        unknown = next((key for word, (key, _) in fields.items() if word not in ("dataset", "checks")), None)
        if unknown is not None:
            raise _wrong(name, unknown, f"unknown field {unknown.value!r}", "known are: dataset, checks")
        dataset = str(fields["dataset"][1].value) if "dataset" in fields else None
        items = fields["checks"][1] if "checks" in fields else None
    if items is None or items.id != "sequence":
        raise _wrong(name, items or root, "there is no list of checks", _EXAMPLE)
    checks = [_check(item, name) for item in items.value]
    for item, check in zip(items.value, checks, strict=True):
        try:
            # Whether freshness has a column is known only with the dataset: the server says.
            check_checks([check], time_column="?")
        except Invalid as error:
            raise _wrong(name, item, error.detail, error.hint or _EXAMPLE) from None
        except ModuleNotFoundError:  # no Polars here to parse an expression: the server does
            continue
    _check_names(items.value, checks, name)
    return ChecksFile(dataset=dataset, checks=tuple(checks))


def write_checks(checks: Sequence[Check], *, dataset: str | None = None) -> str:
    """The text of a file that ``read_checks`` reads as these checks."""
    plain: dict[str, Any] = {"dataset": dataset} if dataset else {}
    plain["checks"] = [_plain(check) for check in checks]
    text: str = _yaml().safe_dump(plain, sort_keys=False, width=100)
    return text


def _compose(text: str, name: str) -> Any:
    yaml = _yaml()
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        said = getattr(error, "problem", None) or str(error)
        raise Invalid(f"{name}{line}: no YAML: {said}", hint=_EXAMPLE) from None


def _check(item: Any, name: str) -> Check:
    if item.id != "mapping":
        raise _wrong(name, item, "a check is a mapping", _EXAMPLE)
    for key, _ in item.value:
        if key.value not in _FIELDS:
            near = get_close_matches(str(key.value), _FIELDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(_FIELDS)}"
            raise _wrong(name, key, f"unknown field {key.value!r}", hint)
    values = {key.value: _value(value) for key, value in item.value}
    try:
        return msgspec.convert(values, Check)
    except msgspec.ValidationError as error:
        said, _, path = str(error).partition(" - at `$")
        field = path.strip("`.").partition("[")[0].partition(".")[0]
        at = next((key for key, _ in item.value if key.value == field), item)
        where = f"field {field!r}: " if field else ""
        raise _wrong(name, at, f"{where}{said[:1].lower()}{said[1:]}", _hint(field, values)) from None


def _hint(field: str, values: dict[str, Any]) -> str:
    if field != "kind":
        return _EXAMPLE
    near = get_close_matches(str(values.get("kind")), get_args(CheckKind), n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(get_args(CheckKind))}"


def _value(node: Any) -> Any:
    yaml = _yaml()
    return yaml.constructor.SafeConstructor().construct_document(node)


def _check_names(items: Sequence[Any], checks: Sequence[Check], name: str) -> None:
    seen: dict[str, int] = {}
    for item, check in zip(items, checks, strict=True):
        own = name_of(check)
        if own in seen:
            raise _wrong(
                name, item, f"a second check {own!r}, as on line {seen[own]}", "give one of them a `name`"
            )
        seen[own] = item.start_mark.line + 1


def _wrong(name: str, node: Any, said: str, hint: str) -> Invalid:
    line = node.start_mark.line + 1 if node is not None else 1
    return Invalid(f"{name}, line {line}: {said}", hint=hint, extra={"line": line})


def _plain(check: Check) -> dict[str, Any]:
    return {
        field.name: _shown(value)
        for field in msgspec.structs.fields(Check)
        if (value := getattr(check, field.name)) != field.default
        and not (field.default is msgspec.NODEFAULT and not value)
    }


def _shown(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else msgspec.to_builtins(value)


def _yaml() -> Any:
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise MissingExtra("pyyaml", "server") from error
    return yaml
