"""MLflow model folders, loaded without MLflow where it is not needed.

Known flavors: sklearn (skops, cloudpickle, pickle), LightGBM and XGBoost; anything else goes through
``mlflow.pyfunc``. The model's code runs in this process; its files were verified by digest before.
"""

import importlib
import pickle
import sys
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from pomona.core.errors import Invalid, MissingExtra, PomonaError, UserCodeFailed
from pomona.serving.gateway.columns import Columns, ColumnSpec, Signature

Predict = Callable[[Any], Any]
_PATHS = ("pickled_model", "data", "model_data", "model_path", "python_model", "code", "path")


class Answer(NamedTuple):
    """What an endpoint wants of a model: its prediction, or the probability of a class."""

    kind: Literal["prediction", "probability"]
    positive_class: str | None = None  # None: the second of two


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """A loaded model: its inputs and what it can answer."""

    flavor: str
    signature: Signature
    prediction: Predict
    probability: Predict | None = None  # one column, or one per class
    classes: tuple[str, ...] = ()
    category_columns: bool = False  # text columns go in as pandas categories
    bare_arrays: bool = False  # numbers go in as one array, without names

    def predict(self, columns: Columns, answer: Answer) -> list[Any]:
        """One output per row, as plain Python values.

        Raises:
            UserCodeFailed: If the model gave another number of outputs.
        """
        rows, matrix = len(next(iter(columns.values()), [])), self.matrix(columns)
        if answer.kind == "probability" and self.probability is not None:
            scores = self.probability(matrix)
            index = self.classes.index(answer.positive_class) if answer.positive_class else 1
            outputs = _plain(scores[:, index] if getattr(scores, "ndim", 1) == 2 else scores)
        else:
            outputs = _plain(self.prediction(matrix))
        if len(outputs) != rows:
            raise UserCodeFailed(
                f"the model gave {len(outputs)} outputs for {rows} rows", hint="a model answers row by row"
            )
        return outputs

    def can(self, answer: Answer) -> bool:
        """Whether this model can give that kind of answer."""
        if answer.kind == "prediction":
            return True
        if answer.positive_class is not None:
            return self.probability is not None and answer.positive_class in self.classes
        return self.probability is not None and len(self.classes) in (0, 2)

    def matrix(self, columns: Columns) -> Any:
        """The columns as the model takes them: an array or a data frame."""
        import numpy as np

        values = list(columns.values())
        if self.signature.width is not None:
            rows = values[0] if isinstance(values[0][0], list) else list(zip(*values, strict=True))
            return np.array(rows, dtype=self.signature.tensor_type)
        if self.bare_arrays:
            return np.array(values, dtype=np.float64).T
        return _frame(columns, self.signature, categories=self.category_columns)


def load_engine(folder: Path) -> Engine:
    """The engine for a model folder.

    Raises:
        Invalid: If the folder is not an MLflow model.
        MissingExtra: If the model's library is not installed.
        UserCodeFailed: If the model does not load.
    """
    described = _describe(folder)
    flavors = described["flavors"]
    loaders: dict[str, Callable[..., Engine]] = {
        "sklearn": _load_sklearn,
        "lightgbm": _load_lightgbm,
        "xgboost": _load_xgboost,
        "python_function": _load_pyfunc,
    }
    for name, loader in loaders.items():
        if name in flavors:
            try:
                _check_paths(folder, flavors)
                return loader(folder, flavors[name], read_signature(described.get("signature")))
            except ModuleNotFoundError as error:
                raise MissingExtra(str(error.name), "server") from error
            except PomonaError:
                raise
            except (Exception, SystemExit) as error:  # the model's own code: anything can come out of it
                raise UserCodeFailed(
                    f"the model does not load: {type(error).__name__}: {error}",
                    hint="load it with mlflow.pyfunc.load_model in the same environment to see why",
                ) from error
    raise Invalid(
        f"the model has none of the flavors {', '.join(loaders)}",
        hint="log it with mlflow.sklearn.log_model or mlflow.pyfunc.log_model",
    )


def read_signature(declared: dict[str, Any] | None) -> Signature:
    """The inputs of an MLmodel file's signature."""
    inputs = msgspec.json.decode((declared or {}).get("inputs") or "[]")
    if len(inputs) == 1 and inputs[0].get("type") == "tensor" and "name" not in inputs[0]:
        spec = inputs[0]["tensor-spec"]
        width = spec["shape"][-1] if len(spec["shape"]) == 2 else 1
        return Signature(width=width, tensor_type=spec["dtype"])
    columns = []
    for position, column in enumerate(inputs):
        name, kind = column.get("name", str(position)), column["type"]
        if kind == "tensor":
            kind = {"float64": "double", "float32": "float", "int64": "long", "int32": "integer"}.get(
                column["tensor-spec"]["dtype"], "any"
            )
        columns.append(ColumnSpec(name=name, type=kind, required=column.get("required", True)))
    return Signature(columns=tuple(columns))


def _describe(folder: Path) -> dict[str, Any]:
    import yaml

    try:
        described = yaml.safe_load((folder / "MLmodel").read_text())
    except FileNotFoundError:
        raise Invalid(
            "the folder has no MLmodel file", hint="log the model with MLflow's log_model"
        ) from None
    except Exception as error:  # noqa: BLE001 - a broken file ends PyYAML in a dozen ways
        raise Invalid(f"the MLmodel file is not YAML: {error}", hint="log the model again") from None
    if not isinstance(described, dict) or not isinstance(described.get("flavors"), dict):
        raise Invalid("the MLmodel file names no flavors", hint="log the model again")
    return described


def _check_paths(folder: Path, flavors: dict[str, Any]) -> None:
    """Refuse flavors that name a file outside their folder: nobody has verified what lies there.

    All of them, since ``python_function`` reads what the others name.
    """
    found = [flavor for flavor in flavors.values() if isinstance(flavor, dict)]
    kept = [flavor["artifacts"] for flavor in found if isinstance(flavor.get("artifacts"), dict)]
    found += [item for items in kept for item in items.values() if isinstance(item, dict)]
    for key, named in [(key, flavor.get(key)) for flavor in found for key in _PATHS]:
        if isinstance(named, str) and not (folder / named).resolve().is_relative_to(folder.resolve()):
            raise Invalid(
                f"the MLmodel file names {key} {named!r}, outside the model's folder",
                hint="log the model again with MLflow's log_model",
            )


def _load_sklearn(folder: Path, flavor: dict[str, Any], signature: Signature) -> Engine:
    _add_code(folder, flavor)
    model = _unpickle(folder / flavor["pickled_model"], flavor, default="pickle")
    from pomona.serving.gateway.twins import with_bare_arrays

    return with_bare_arrays(_sklearn_like(model, "sklearn", signature), model)


def _sklearn_like(model: Any, flavor: str, signature: Signature, *, categories: bool = False) -> Engine:
    return Engine(
        flavor=flavor,
        signature=signature,
        prediction=model.predict,
        probability=getattr(model, "predict_proba", None),
        classes=tuple(str(label) for label in getattr(model, "classes_", ())),
        category_columns=categories,
    )


def _load_lightgbm(folder: Path, flavor: dict[str, Any], signature: Signature) -> Engine:
    path = folder / flavor["data"]
    if flavor.get("model_class", "lightgbm.basic.Booster") != "lightgbm.basic.Booster":
        _add_code(folder, flavor)
        model = _unpickle(path, flavor, default="cloudpickle")
        categorical = bool(getattr(model.booster_, "pandas_categorical", None))
        return _sklearn_like(model, "lightgbm", signature, categories=categorical)
    lightgbm = importlib.import_module("lightgbm")
    booster = lightgbm.Booster(model_file=str(path))
    binary = booster.dump_model(num_iteration=1)["objective"].startswith("binary")
    return Engine(
        flavor="lightgbm",
        signature=signature,
        prediction=booster.predict,
        probability=booster.predict if binary else None,
        category_columns=bool(booster.pandas_categorical),
    )


def _load_xgboost(folder: Path, flavor: dict[str, Any], signature: Signature) -> Engine:
    module, _, name = str(flavor.get("model_class", "xgboost.core.Booster")).rpartition(".")
    model = getattr(importlib.import_module(module), name)()
    model.load_model(str(folder / flavor["data"]))
    if hasattr(model, "predict_proba") or hasattr(model, "get_booster"):
        return _sklearn_like(model, "xgboost", signature)
    matrix_of = importlib.import_module("xgboost").DMatrix

    def predict(frame: Any) -> Any:
        return model.predict(matrix_of(frame))

    return Engine(flavor="xgboost", signature=signature, prediction=predict, probability=predict)


def _load_pyfunc(folder: Path, flavor: dict[str, Any], signature: Signature) -> Engine:
    pyfunc = importlib.import_module("mlflow.pyfunc")
    model = pyfunc.load_model(str(folder))
    return Engine(
        flavor="python_function", signature=signature, prediction=model.predict, probability=model.predict
    )


def _add_code(folder: Path, flavor: dict[str, Any]) -> None:
    if flavor.get("code"):
        path = str(folder / flavor["code"])
        if path not in sys.path:
            sys.path.insert(0, path)


def _unpickle(path: Path, flavor: dict[str, Any], *, default: str) -> Any:
    written_as = flavor.get("serialization_format") or default
    if written_as == "skops":
        return importlib.import_module("skops.io").load(path, trusted=flavor.get("skops_trusted_types"))
    if written_as == "cloudpickle":
        importlib.import_module("cloudpickle")  # its classes must be importable; the file is a pickle
    with path.open("rb") as stream:
        return pickle.load(stream)  # noqa: S301 - verified against the digest it was registered with


def _frame(columns: Columns, signature: Signature, *, categories: bool) -> Any:
    import pandas as pd

    kinds = {spec.name: spec.type for spec in signature.columns}
    data = {name: _array(values, kinds.get(name, "any")) for name, values in columns.items()}
    frame = pd.DataFrame(data, copy=False)
    if categories:
        text = [name for name, kind in kinds.items() if kind == "string"]
        frame = frame.astype(dict.fromkeys(text, "category"))
    return frame


def _array(values: list[Any], kind: str) -> Any:
    import numpy as np

    if kind == "double":
        return np.array(values, dtype=np.float64)
    if kind == "float":
        return np.array(values, dtype=np.float32)
    if kind in ("long", "integer"):
        whole = np.int64 if kind == "long" else np.int32
        return np.array(values, dtype=np.float64 if None in values else whole)
    if kind == "boolean":
        return np.array(values, dtype=object if None in values else np.bool_)
    if kind == "datetime":
        return np.array(
            [None if value is None else value.removesuffix("Z") for value in values], dtype="datetime64[ns]"
        )
    if kind == "binary":
        return [None if value is None else b64decode(value) for value in values]
    return values


def _plain(outputs: Any) -> list[Any]:
    if hasattr(outputs, "to_dict") and hasattr(outputs, "columns"):  # a DataFrame
        return list(outputs.to_dict(orient="records"))
    return list(outputs.tolist()) if hasattr(outputs, "tolist") else list(outputs)
