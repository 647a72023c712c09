"""Reading an ``MLmodel`` file: flavors, signature, where it came from."""

import json
from typing import Any

import yaml

from pomona.core.errors import Invalid
from pomona.core.records import Record, to_json
from pomona.registry.records import ModelColumn, Signature

MLMODEL = "MLmodel"
_MOST_BYTES = 4 << 20
_MOST_WEIGHT = 16 << 20  # characters, and 16 for each value, once all aliases are written out
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
    check_mlmodel_size(len(body))
    try:
        found = yaml.load(body, _Loader)  # noqa: S506 - a SafeLoader that can do less
        _check_weight(found)
        about = _read(found)
        to_json(about)  # what cannot be stored is refused here
    except Invalid:
        raise
    except Exception as error:  # noqa: BLE001 - a hostile file ends PyYAML in a dozen ways
        raise Invalid(
            f"not a model: its MLmodel file is not YAML ({_first_line(error)})", hint=_HINT
        ) from None
    return about


def check_mlmodel_size(size: int) -> None:
    """Refuse an ``MLmodel`` file that is none by its size alone.

    Raises:
        Invalid: If it has more than 4 MiB.
    """
    if size > _MOST_BYTES:
        raise Invalid(f"not a model: its MLmodel file is larger than {_MOST_BYTES >> 20} MiB", hint=_HINT)


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """Without merge keys (``<<``): MLflow writes none, and a few nested ones fill the memory."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        if any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value):
            raise yaml.constructor.ConstructorError(None, None, "merge keys are not read", node.start_mark)


def _read(found: Any) -> MlModel:
    if not isinstance(found, dict) or not isinstance(found.get("flavors"), dict) or not found["flavors"]:
        raise Invalid("not a model: its MLmodel file names no flavors", hint=_HINT)
    flavors = {str(name): _plain(config) for name, config in found["flavors"].items()}
    return MlModel(
        flavors=flavors,
        signature=_signature(found.get("signature") or {}),
        run_id=_text(found.get("run_id")),
        model_id=_text(found.get("model_id")),
    )


def _check_weight(found: Any) -> None:
    """Refuse a document whose aliases make it huge (or endless) once they are written out.

    Raises:
        ValueError: If it is too heavy.
    """
    waiting, weight = [found], 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value)
            waiting.extend(value.values())
        elif isinstance(value, (list, tuple, set)):  # pairs are tuples
            waiting.extend(value)
        weight += 16 + (len(value) if isinstance(value, (str, bytes)) else 0)
        if weight + 16 * len(waiting) > _MOST_WEIGHT:
            raise ValueError("it is too large once its aliases are written out")


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
    kept: dict[str, Any] = json.loads(json.dumps(_named(config), default=str))
    return kept


def _named(value: Any) -> Any:
    """With every key a text: YAML also knows dates, numbers and null as keys."""
    if isinstance(value, dict):
        return {str(key): _named(below) for key, below in value.items()}
    return [_named(below) for below in value] if isinstance(value, (list, tuple)) else value


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
