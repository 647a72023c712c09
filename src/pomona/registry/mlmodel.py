"""Reading an ``MLmodel`` file: flavors, signature, where it came from."""

import json
from typing import Any

import yaml

from pomona.core.errors import Invalid
from pomona.core.records import Record
from pomona.registry.records import ModelColumn, Signature

MLMODEL = "MLmodel"
_MOST_BYTES = 4 << 20
_MOST_VALUES = 1_000_000
_HINT = "a model folder holds an MLmodel file; log it with mlflow.<flavor>.log_model(...)"


class MlModel(Record, frozen=True, kw_only=True):
    """What an ``MLmodel`` file says."""

    flavors: dict[str, dict[str, Any]]
    signature: Signature
    run_id: str | None = None
    model_id: str | None = None


def parse_mlmodel(body: bytes) -> MlModel:
    """The file, read.

    Raises:
        Invalid: If it is no MLmodel file, or a broken one; says what is wrong.
    """
    if len(body) > _MOST_BYTES:
        raise Invalid(f"not a model: its MLmodel file is larger than {_MOST_BYTES >> 20} MiB", hint=_HINT)
    try:
        found = yaml.safe_load(body)
        _check_size(found)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise Invalid(
            f"not a model: its MLmodel file is not YAML ({_first_line(error)})", hint=_HINT
        ) from None
    if not isinstance(found, dict) or not isinstance(found.get("flavors"), dict) or not found["flavors"]:
        raise Invalid("not a model: its MLmodel file names no flavors", hint=_HINT)
    flavors = {str(name): _plain(config) for name, config in found["flavors"].items()}
    return MlModel(
        flavors=flavors,
        signature=_signature(found.get("signature") or {}),
        run_id=_text(found.get("run_id")),
        model_id=_text(found.get("model_id")),
    )


def _check_size(found: Any) -> None:
    """Refuse a document whose aliases make it huge (or endless) once they are written out.

    Raises:
        ValueError: If it has more than a million values.
    """
    waiting, seen = [found], 0
    while waiting:
        value = waiting.pop()
        below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        waiting.extend(below)
        seen += 1
        if seen + len(waiting) > _MOST_VALUES:
            raise ValueError("it has too many values")


def missing_mlmodel(where: str) -> Invalid:
    """The error for a folder without an ``MLmodel`` file."""
    return Invalid(f"not a model: there is no MLmodel file in {where!r}", hint=_HINT)


def _signature(found: Any) -> Signature:
    if not isinstance(found, dict):
        raise Invalid("not a model: its signature is not a mapping", hint=_HINT)
    return Signature(
        inputs=_columns(found.get("inputs")),
        outputs=_columns(found.get("outputs")),
        params=_columns(found.get("params")),
    )


def _columns(text: Any) -> tuple[ModelColumn, ...]:
    if not text:
        return ()
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        raise Invalid("not a model: its signature is not JSON", hint=_HINT) from None
    if isinstance(found, dict):  # one value, an array or a map
        found = [found]
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Invalid("not a model: its signature lists no columns", hint=_HINT)
    return tuple(
        ModelColumn(
            name=str(item.get("name", index)),
            type=_type(item),
            required=item.get("required", True) is not False,
        )
        for index, item in enumerate(found)
    )


def _type(item: dict[str, Any]) -> str:
    spec = item.get("tensor-spec")
    if isinstance(spec, dict):
        return f"tensor[{spec.get('dtype')}, {spec.get('shape')}]"
    return str(item.get("type", "any"))


def _plain(config: Any) -> dict[str, Any]:
    """A flavor's settings as JSON values."""
    if not isinstance(config, dict):
        return {}
    kept: dict[str, Any] = json.loads(json.dumps({str(key): config[key] for key in config}, default=str))
    return kept


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:120]
