"""Comparing two model versions, fact by fact."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pomona.registry.comparing.records import Change, MetricChange, ModelFileChange, ValueChange, Verdict
from pomona.registry.records import ModelFile, ModelVersion, Signature
from pomona.training.code.records import RunCode
from pomona.training.code.rules import all_the_same

Better = Callable[[str], str | None]
_PACKAGE = re.compile(r"^\s*(?:-\s+)?([A-Za-z0-9][A-Za-z0-9._-]*)(\[[^\]]*\])?\s*([=<>~!]=?=?[^#;\s]*)?")


def change_of(before: object | None, after: object | None) -> Change:
    """What became of a thing; None: it is not there.

    >>> change_of(None, 1), change_of(1, 2), change_of(1, 1)
    ('added', 'changed', 'same')
    """
    if before is None and after is not None:
        return "added"
    if after is None and before is not None:
        return "removed"
    return "same" if before == after else "changed"


def files_between(before: Iterable[ModelFile], after: Iterable[ModelFile]) -> tuple[ModelFileChange, ...]:
    """Every file of either, by path."""
    one, other = {file.path: file for file in before}, {file.path: file for file in after}
    return tuple(
        ModelFileChange(
            path=path,
            change=change_of(_digest(one.get(path)), _digest(other.get(path))),
            before=one[path].size if path in one else None,
            after=other[path].size if path in other else None,
        )
        for path in sorted(one.keys() | other.keys())
    )


def values_between(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[ValueChange, ...]:
    """Every name of either, sorted."""
    return tuple(
        ValueChange(
            name=name,
            change=change_of(before.get(name), after.get(name)),
            before=before.get(name),
            after=after.get(name),
        )
        for name in sorted(before.keys() | after.keys())
    )


def metrics_between(
    before: Mapping[str, float], after: Mapping[str, float], better: Better
) -> tuple[MetricChange, ...]:
    """Every metric of either; ``better`` says "higher", "lower" or None of a name."""
    return tuple(
        _metric(name, before.get(name), after.get(name), better(name))
        for name in sorted(before.keys() | after.keys())
    )


def _metric(name: str, before: float | None, after: float | None, better: str | None) -> MetricChange:
    if before is None or after is None:
        return MetricChange(
            name=name, before=before, after=after, delta=None, relative=None, verdict="unknown"
        )
    delta = after - before
    verdict: Verdict = "unknown"
    if delta == 0:
        verdict = "same"
    elif better is not None:
        verdict = "better" if (delta > 0) == (better == "higher") else "worse"
    relative = delta / abs(before) if before else None
    return MetricChange(
        name=name, before=before, after=after, delta=delta, relative=relative, verdict=verdict
    )


def flavor_values(version: ModelVersion) -> dict[str, str]:
    """A version's flavors, setting by setting, as text.

    What every version has another value of (the ids of environments and files) is left out.
    """
    return {
        f"{flavor}.{name}": _text(value)
        for flavor, config in version.flavors.items()
        for name, value in config.items()
        if value is not None
    } | dict.fromkeys(version.flavors, "yes")


def signature_values(signature: Signature) -> dict[str, str]:
    """What a model takes and answers, column by column."""
    sides = (("takes", signature.inputs), ("answers", signature.outputs), ("parameter", signature.params))
    return {
        f"{side} {column.name}": column.type + ("" if column.required else ", may be missing")
        for side, columns in sides
        for column in columns
    }


def packages_in(text: str) -> dict[str, str]:
    r"""Packages of a requirements or Conda file and what is asked of them; lines that say none are left out.

    >>> packages_in("scikit_learn==1.9  # used\n- numpy>=2\n--hash=sha256:x\npython_version")
    {'scikit-learn': '==1.9', 'numpy': '>=2', 'python-version': 'any'}
    """
    found: dict[str, str] = {}
    section = ""
    for line in text.splitlines():
        if re.fullmatch(r"\w+:.*", line):  # a key of a Conda file: its name, its channels
            section = line.partition(":")[0]
            continue
        match = _PACKAGE.match(line)
        if match and section in ("", "dependencies") and not line.rstrip().endswith(":"):
            found[re.sub(r"[-_.]+", "-", match[1]).lower()] = match[3] or "any"
    return found


def same_code(before: RunCode | None, after: RunCode | None) -> bool | None:
    """Whether both ran the same code; None: not known."""
    return None if before is None or after is None else all_the_same([before, after])


def _digest(file: ModelFile | None) -> str | None:
    return None if file is None else file.digest


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
