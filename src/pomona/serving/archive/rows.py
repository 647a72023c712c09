"""Rows of the predictions and outcomes tables as Arrow tables, in the columns of their datasets."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
import pyarrow as pa
from sqlalchemy import Row, func, select

from pomona.core.ports import Database, Transaction
from pomona.serving import store
from pomona.serving.archive import rules
from pomona.serving.archive.fitting import (
    NUMBER,
    TEXT,
    WHOLE,
    YES_NO,
    flattened,
    names_of,
    seen_type,
)
from pomona.serving.archive.records import TableKind

TIME = pa.timestamp("us", "UTC")
PREDICTIONS = pa.schema(
    [
        ("prediction_id", TEXT),
        ("at", TIME),
        ("answered_at", TIME),
        ("key", TEXT),
        ("unit", TEXT),
        ("request", TEXT),
        ("release", TEXT),
        ("revision", TEXT),
        ("model", TEXT),
        ("model_number", WHOLE),
        ("model_version", TEXT),
        ("arm", TEXT),
        ("propensity", NUMBER),
        ("probabilities", TEXT),
        ("output", NUMBER),
        ("output_json", TEXT),
        ("decision", YES_NO),
        ("failure", TEXT),
        (rules.REST, TEXT),
    ]
)
OUTCOMES = pa.schema(
    [
        ("prediction_id", TEXT),
        ("predicted_at", TIME),
        ("name", TEXT),
        ("seq", WHOLE),
        ("value", NUMBER),
        ("at", TIME),
        ("recorded_at", TIME),
    ]
)
KEYS: dict[TableKind, tuple[str, ...]] = {
    # Time first: what is appended then meets only files of its own time, not all there are.
    "predictions": ("at", "prediction_id"),
    "outcomes": ("at", "prediction_id", "name", "seq"),
}
_ASKED = {
    "prediction_id": "id", "at": "at_us", "answered_at": "answered_us", "input": "input",
} | {
    name: name
    for name in PREDICTIONS.names
    if name not in ("prediction_id", "at", "answered_at", "model", "model_number", "propensity", rules.REST)
}  # fmt: skip
"""Where the columns stand in SQL."""
CHUNK = 10_000
_INPUTS = msgspec.json.Decoder(dict[str, Any])
_SHARES = msgspec.json.Decoder(dict[str, float])


@dataclass(frozen=True)
class Served:
    """What is known of a model version: its model, its number, and the types of its inputs."""

    model: str
    number: int
    types: Mapping[str, pa.DataType]


ServedBy = Callable[[str], Served]


class PredictionRows:
    """Reads a batch of an endpoint's predictions.

    Args:
        served_by: Tells of a model version, by its id.
        known: Columns that the table has already, and their types.
    """

    def __init__(self, database: Database, served_by: ServedBy, known: pa.Schema | None) -> None:
        self._database = database
        self._served_by = served_by
        self._types = {field.name: field.type for field in known or () if field.name not in PREDICTIONS.names}

    def read(self, endpoint: str, after: int, until: int) -> pa.Table | None:
        """The rows with ``after < position <= until``; None if there are none."""
        parts = []
        for low, high in _chunks(after, until):
            rows = self._database.read(partial(_predictions, endpoint=endpoint, low=low, high=high))
            if rows:
                parts.append(self._table(rows))
        return pa.concat_tables(parts, promote_options="default") if parts else None

    def _table(self, rows: Sequence[Row[Any]]) -> pa.Table:
        values = dict(zip(_ASKED, zip(*rows, strict=True), strict=True))
        inputs = [_INPUTS.decode(text) for text in values.pop("input")]
        fixed = self._fixed(values)
        columns, aside = flattened(inputs, self._places(inputs, set(values["model_version"])), self._types)
        rest = [None if one is None else msgspec.json.encode(one).decode() for one in aside]
        found = {**fixed, rules.REST: pa.array(rest, TEXT), **columns}
        fields = [*PREDICTIONS, *(pa.field(name, kind) for name, kind in self._types.items())]
        arrays = [found.get(field.name, pa.nulls(len(rows), field.type)) for field in fields]
        return pa.table(arrays, schema=pa.schema(fields))

    def _fixed(self, values: Mapping[str, Sequence[Any]]) -> dict[str, pa.Array]:
        versions = values["model_version"]
        served = {name: self._served_by(name) for name in set(versions)}
        shares = {text: _SHARES.decode(text) for text in set(values["probabilities"])}
        arms = zip(values["probabilities"], values["arm"], strict=True)
        columns: dict[str, Any] = {
            **values,
            "model": [served[name].model for name in versions],
            "model_number": [served[name].number for name in versions],
            "propensity": [shares[text].get(arm) for text, arm in arms],
        }
        return {name: pa.array(column, PREDICTIONS.field(name).type) for name, column in columns.items()}

    def _places(self, inputs: Sequence[Mapping[str, Any]], versions: set[str]) -> dict[str, str]:
        """The column of each input; a new one gets the type that a signature declares, else as it is seen."""
        places = rules.column_names(names_of(inputs), PREDICTIONS.names, list(self._types))
        declared = {
            name: kind
            for version in sorted(versions)
            for name, kind in self._served_by(version).types.items()
        }
        for name, column in places.items():
            if pa.types.is_null(self._types.get(column, pa.null())):
                values = [value for record in inputs if (value := record.get(name)) is not None]
                kind = declared.get(name) or seen_type(values)
                if values and kind is not None:
                    self._types[column] = kind
        return places


def read_outcomes(database: Database, endpoint: str, after: int, until: int) -> pa.Table | None:
    """An endpoint's outcomes with ``after < position <= until``; None if there are none."""
    parts = []
    for low, high in _chunks(after, until):
        rows = database.read(partial(_outcomes, endpoint=endpoint, low=low, high=high))
        if rows:
            columns = zip(*rows, strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, OUTCOMES, strict=True)]
            parts.append(pa.table(arrays, schema=OUTCOMES))
    return pa.concat_tables(parts) if parts else None


def last_that_fits(tx: Transaction, endpoint: str, after: int, until: int, most_chars: int) -> int:
    """How far a batch behind ``after`` may go with inputs of so many characters in all; one row at least."""
    c = store.predictions.c
    where = (c.endpoint == endpoint, c.position > after, c.position <= until)
    running = func.sum(func.length(c.input)).over(order_by=c.position).label("chars")
    sums = select(c.position, running).where(*where).subquery()
    found = tx.execute(select(func.max(sums.c.position)).where(sums.c.chars <= most_chars)).scalar()
    return after + 1 if found is None else int(found)


def _predictions(tx: Transaction, *, endpoint: str, low: int, high: int) -> Sequence[Row[Any]]:
    c = store.predictions.c
    where = (c.endpoint == endpoint, c.position > low, c.position <= high)
    query = select(*(c[name] for name in _ASKED.values())).where(*where).order_by(c.position)
    found: Sequence[Row[Any]] = tx.execute(query).all()
    return found


def _outcomes(tx: Transaction, *, endpoint: str, low: int, high: int) -> Sequence[Row[Any]]:
    c, p = store.outcomes.c, store.predictions.c
    wanted = (c.prediction_id, p.at_us, c.name, c.seq, c.value, c.at_us, c.recorded_us)
    query = select(*wanted).select_from(store.outcomes.join(store.predictions, c.prediction_id == p.id))
    where = (c.endpoint == endpoint, c.position > low, c.position <= high)
    found: Sequence[Row[Any]] = tx.execute(query.where(*where).order_by(c.position)).all()
    return found


def _chunks(after: int, until: int) -> Iterator[tuple[int, int]]:
    for low in range(after, until, CHUNK):
        yield low, min(low + CHUNK, until)
