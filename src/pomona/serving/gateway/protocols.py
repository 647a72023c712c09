"""Three ways to ask for predictions, decoded to one ``Call`` and answered in their own words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec

from pomona.core.errors import Invalid
from pomona.serving.gateway.answers import Answered
from pomona.serving.gateway.columns import Columns, columns_of_rows
from pomona.serving.gateway.live import LiveEndpoint
from pomona.serving.gateway.predicting import Call

AwareTime = Annotated[datetime, msgspec.Meta(tz=True)]
_V2_TYPES = {
    "boolean": "BOOL",
    "integer": "INT32",
    "long": "INT64",
    "float": "FP32",
    "double": "FP64",
    "string": "BYTES",
    "binary": "BYTES",
    "datetime": "BYTES",
}


class About(msgspec.Struct, kw_only=True):
    """What a caller may say about the rows, in any protocol (v2: under ``parameters``)."""

    units: list[str | int] | None = None
    ids: list[str | int] | None = None
    at: list[AwareTime] | AwareTime | None = None
    deadline_ms: float | None = None
    context: dict[str, Any] | None = None


class PredictBody(About, forbid_unknown_fields=True, kw_only=True):
    """``POST /predict/{endpoint}``."""

    rows: list[dict[str, Any]]


class InvocationsBody(About, forbid_unknown_fields=True, kw_only=True):
    """``POST /invocations``: exactly one of the four ways MLflow knows to send rows."""

    dataframe_split: dict[str, Any] | None = None
    dataframe_records: list[dict[str, Any]] | None = None
    inputs: Any = None
    instances: Any = None
    params: dict[str, Any] | None = None


class V2Tensor(msgspec.Struct, kw_only=True):
    """One input of the Open Inference Protocol: a column, shape [n] or [n, 1] (or one [n, k])."""

    name: str
    shape: list[int]
    datatype: str
    data: list[Any]
    parameters: dict[str, Any] | None = None


class V2Body(msgspec.Struct, kw_only=True):
    """``POST /v2/models/{name}/infer``."""

    inputs: list[V2Tensor]
    id: str | None = None
    parameters: dict[str, Any] | None = None
    outputs: list[Any] | None = None


_predict = msgspec.json.Decoder(PredictBody)
_invocations = msgspec.json.Decoder(InvocationsBody)
_v2 = msgspec.json.Decoder(V2Body)


def read_predict(body: bytes) -> Call:
    """A call from Pomona's own protocol."""
    asked = _decode(_predict, body)
    return _call(columns_of_rows(asked.rows), asked)


def read_invocations(body: bytes) -> Call:
    """A call from MLflow's scoring protocol."""
    asked = _decode(_invocations, body)
    ways = ("dataframe_split", "dataframe_records", "inputs", "instances")
    given = [way for way in ways if getattr(asked, way) is not None]
    if len(given) != 1:
        raise Invalid(
            "the body must have exactly one of " + ", ".join(ways), hint="as for `mlflow models serve`"
        )
    if asked.dataframe_split is not None:
        return _call(_split_columns(asked.dataframe_split), asked)
    if asked.dataframe_records is not None:
        return _call(columns_of_rows(asked.dataframe_records), asked)
    return _call(_loose_columns(asked.inputs if asked.inputs is not None else asked.instances), asked)


def read_v2(body: bytes) -> tuple[Call, str | None]:
    """A call from the Open Inference Protocol, and the caller's request id."""
    asked = _decode(_v2, body)
    if not asked.inputs:
        raise Invalid("the request has no inputs", hint="send one tensor per column")
    columns = {tensor.name: _tensor_values(tensor) for tensor in asked.inputs}
    try:
        about = msgspec.convert(asked.parameters or {}, About)
    except msgspec.ValidationError as error:
        raise Invalid(f"parameters: {error}", hint="units, ids and at are lists, one value per row") from None
    return _call(columns, about), asked.id


def answer_predict(answers: Sequence[Answered]) -> bytes:
    """The answer of Pomona's own protocol."""
    return msgspec.json.encode({"predictions": [_own_words(answer) for answer in answers]})


def answer_invocations(answers: Sequence[Answered]) -> bytes:
    """The answer of MLflow's protocol, with the prediction ids beside it."""
    body: dict[str, Any] = {
        "predictions": [answer.output for answer in answers],
        "prediction_ids": [answer.prediction_id for answer in answers],
    }
    if answers[0].decision is not None:
        body["decisions"] = [answer.decision for answer in answers]
    return msgspec.json.encode(body)


def answer_v2(name: str, request_id: str | None, answers: Sequence[Answered]) -> bytes:
    """The answer of the Open Inference Protocol: output, decision, and the ids as one more tensor."""
    shape = [len(answers)]
    outputs = [_v2_output("output", [answer.output for answer in answers])]
    if answers[0].decision is not None:
        decisions = [answer.decision for answer in answers]
        outputs.append({"name": "decision", "datatype": "BOOL", "shape": shape, "data": decisions})
    ids = [answer.prediction_id for answer in answers]
    outputs.append({"name": "prediction_id", "datatype": "BYTES", "shape": shape, "data": ids})
    body = {"model_name": name, "model_version": answers[0].model_version, "outputs": outputs}
    return msgspec.json.encode(body | ({"id": request_id} if request_id else {}))


def describe_v2(endpoint: LiveEndpoint) -> bytes:
    """Metadata of the Open Inference Protocol: the columns and their types."""
    signature, models = endpoint.signature, endpoint.models
    inputs = [
        {
            "name": column.name,
            "datatype": _V2_TYPES.get(column.type, "BYTES"),
            "shape": [-1],
            "parameters": {"required": column.required, "type": column.type},
        }
        for column in signature.columns
    ]
    if signature.width is not None:
        inputs = [{"name": "input", "datatype": "FP64", "shape": [-1, signature.width]}]
    outputs = [{"name": "output", "datatype": "FP64", "shape": [-1]}]
    if endpoint.route.threshold is not None:
        outputs.append({"name": "decision", "datatype": "BOOL", "shape": [-1]})
    outputs.append({"name": "prediction_id", "datatype": "BYTES", "shape": [-1]})
    flavor = next(iter(models.values())).engine.flavor
    body = {
        "name": endpoint.route.name,
        "versions": list(models),
        "platform": f"mlflow_{flavor}",
        "inputs": inputs,
        "outputs": outputs,
    }
    return msgspec.json.encode(body)


def _own_words(answer: Answered) -> dict[str, Any]:
    body = answer._asdict()
    if answer.decision is None:
        del body["decision"]
    return body


def _decode(decoder: "msgspec.json.Decoder[Any]", body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(
            f"the body cannot be read: {error}", hint="see the gateway's page in the manual"
        ) from None


def _call(columns: Columns, about: About) -> Call:
    rows = len(next(iter(columns.values()), []))
    uneven = [name for name, values in columns.items() if len(values) != rows]
    if uneven:
        raise Invalid(f"columns of different lengths: {', '.join(uneven)}", hint="one value per row")
    at = [about.at] * rows if isinstance(about.at, datetime) else about.at
    return Call(
        columns=columns,
        rows=rows,
        units=None if about.units is None else [str(unit) for unit in about.units],
        ids=None if about.ids is None else [str(key) for key in about.ids],
        at=at,
        deadline_ms=about.deadline_ms,
    )


def _split_columns(split: dict[str, Any]) -> Columns:
    names, data = split.get("columns"), split.get("data")
    if not isinstance(data, list) or not all(isinstance(row, list) for row in data):
        raise Invalid(
            "dataframe_split needs data, a list of rows", hint="as df.to_dict(orient='split') writes it"
        )
    if names is None:
        return {"input": data}
    if not isinstance(names, list) or any(len(row) != len(names) for row in data):
        raise Invalid(
            "a row has another number of values than there are columns", hint="one value per column"
        )
    if len(set(map(str, names))) != len(names):
        raise Invalid("two columns have the same name", hint="name each column once")
    return {str(name): [row[index] for row in data] for index, name in enumerate(names)}


def _loose_columns(rows: Any) -> Columns:
    """``inputs`` and ``instances``: a table of lists by column, a list of rows, or a list of vectors."""
    if isinstance(rows, dict) and all(isinstance(values, list) for values in rows.values()):
        return dict(rows)
    if isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows):
        return columns_of_rows(rows)
    if isinstance(rows, list) and rows:
        return {"input": rows}
    raise Invalid(
        "the rows are neither a table, a list of rows nor a list of vectors", hint="see MLflow's formats"
    )


def _tensor_values(tensor: V2Tensor) -> list[Any]:
    shape, data = tensor.shape, tensor.data
    if min(shape, default=0) < 1:
        raise Invalid(f"tensor {tensor.name!r} has shape {shape}", hint="a column is [n] or [n, 1]")
    if len(shape) == 2 and shape[1] != 1:
        nested = data if data and isinstance(data[0], list) else None
        rows = nested or [data[at : at + shape[1]] for at in range(0, len(data), shape[1])]
        if len(rows) != shape[0] or any(len(row) != shape[1] for row in rows):
            raise Invalid(
                f"tensor {tensor.name!r} does not fill its shape {shape}", hint="shape [rows, width]"
            )
        return rows
    if len(shape) > 2:
        raise Invalid(f"tensor {tensor.name!r} has shape {shape}", hint="a column is [n] or [n, 1]")
    values = [value[0] if isinstance(value, list) and len(value) == 1 else value for value in data]
    if len(values) != shape[0]:
        raise Invalid(
            f"tensor {tensor.name!r} has {len(values)} values for shape {shape}", hint="one per row"
        )
    return values


def _v2_output(name: str, values: list[Any]) -> dict[str, Any]:
    kinds: dict[type, str] = {bool: "BOOL", int: "INT64", float: "FP64"}
    kind = kinds.get(type(values[0]), "BYTES")
    if values and isinstance(values[0], list):
        return {"name": name, "datatype": "FP64", "shape": [len(values), len(values[0])], "data": values}
    return {"name": name, "datatype": kind, "shape": [len(values)], "data": values}
