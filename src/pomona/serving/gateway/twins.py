"""A faster way into a model that gives the same answers, used only where that is shown.

Most of a small scikit-learn prediction is spent on building a data frame and on checking its column names.
A model of numbers that does not look at names can take the bare array instead. Whether it does is tried
on rows made up for the purpose, with every answer compared bit by bit and every warning counted as a no.
"""

import copy
import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from pomona.serving.gateway.columns import Columns
from pomona.serving.gateway.engines import Engine

_NUMBERS = frozenset({"double", "float", "long", "integer", "boolean"})
_ROWS = 64


def with_bare_arrays(engine: Engine, model: Any) -> Engine:
    """The same engine with arrays in place of data frames, or the engine as it was."""
    columns = engine.signature.columns
    names = getattr(model, "feature_names_in_", None)
    fits = (
        names is not None
        and not hasattr(model, "steps")
        and [*names] == [column.name for column in columns]
        and all(column.type in _NUMBERS for column in columns)
    )
    if not fits:
        return engine
    nameless = copy.copy(model)
    del nameless.feature_names_in_
    twin = msgspec.structs.replace(
        engine,
        prediction=nameless.predict,
        probability=getattr(nameless, "predict_proba", None),
        bare_arrays=True,
    )
    return twin if _agree(engine, twin) else engine


def _agree(engine: Engine, twin: Engine) -> bool:
    probes = list(_probes(engine))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return all(
                _same(call_a, engine.matrix(probe), call_b, twin.matrix(probe))
                for probe in probes
                for call_a, call_b in (
                    (engine.prediction, twin.prediction),
                    (engine.probability, twin.probability),
                )
                if call_a is not None and call_b is not None
            )
        except Exception:  # noqa: BLE001 - the model's own code: anything may come out, and means no
            return False


def _same(one: Callable[[Any], Any], given: Any, other: Callable[[Any], Any], bare: Any) -> bool:
    import numpy as np

    expected, found = np.asarray(one(given)), np.asarray(other(bare))
    return expected.dtype == found.dtype and np.array_equal(expected, found)


def _probes(engine: Engine) -> Iterator[Columns]:
    """Rows of small, large, negative, whole and broken numbers, as each column's type allows."""
    for scale in (1.0, 1000.0):
        table: Columns = {}
        for place, column in enumerate(engine.signature.columns):
            waves = [scale * math.sin(1.7 * row * (place + 1) + place) for row in range(_ROWS)]
            if column.type == "boolean":
                table[column.name] = [wave > 0 for wave in waves]
            elif column.type in ("long", "integer"):
                table[column.name] = [round(wave) for wave in waves]
            else:
                table[column.name] = waves
        yield table
