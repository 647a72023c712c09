"""Rows of the predictions and outcomes tables as Arrow tables, in the columns of their datasets."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa
from sqlalchemy import select

from pomona.core.ports import Database, Transaction
from pomona.serving import store
from pomona.serving.archive import rules
from pomona.serving.archive.fitting import NUMBER, TEXT, WHOLE, YES_NO, flattened, seen_type
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
CHUNK = 20_000
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
        self._known = {field.name: field.type for field in known or () if field.name not in PREDICTIONS.names}

    def read(self, endpoint: str, after: int, until: int) -> pa.Table | None:
        """The rows with ``after < position <= until``; None if there are none."""
        c = store.predictions.c
        fixed, inputs = [], []
        for low, high in _chunks(after, until):
            query = select(store.predictions).where(
                c.endpoint == endpoint, c.position > low, c.position <= high
            )
            rows = self._database.read(lambda tx, q=query.order_by(c.position): tx.execute(q).all())  # type: ignore[misc]
            if rows:
                fixed.append(self._fixed(rows))
                inputs.append([_INPUTS.decode(row.input) for row in rows])
        if not fixed:
            return None
        places, types = self._columns(
            inputs, {row for part in fixed for row in part["model_version"].to_pylist()}
        )
        pieces = [
            self._whole(part, records, places, types) for part, records in zip(fixed, inputs, strict=True)
        ]
        return pa.concat_tables(pieces)

    def _fixed(self, rows: Sequence[Any]) -> dict[str, pa.Array]:
        served = {name: self._served_by(name) for name in {row.model_version for row in rows}}
        values: dict[str, list[Any]] = {
            "prediction_id": [row.id for row in rows],
            "at": [row.at_us for row in rows],
            "answered_at": [row.answered_us for row in rows],
            "model": [served[row.model_version].model for row in rows],
            "model_number": [served[row.model_version].number for row in rows],
            "propensity": [_SHARES.decode(row.probabilities).get(row.arm) for row in rows],
        }
        for name in PREDICTIONS.names:
            if name not in values and name != rules.REST:
                values[name] = [getattr(row, name) for row in rows]
        return {name: pa.array(column, PREDICTIONS.field(name).type) for name, column in values.items()}

    def _columns(
        self, inputs: Sequence[Sequence[Mapping[str, Any]]], versions: set[str]
    ) -> tuple[dict[str, str], dict[str, pa.DataType]]:
        """The column of each input and its type: as the table has it, as its model declares it, or as seen."""
        names = list(dict.fromkeys(name for part in inputs for record in part for name in record))
        places = rules.column_names(names, PREDICTIONS.names, list(self._known))
        declared = {
            name: kind
            for version in sorted(versions)
            for name, kind in self._served_by(version).types.items()
        }
        types = dict(self._known)
        for name, column in places.items():
            if column not in types or pa.types.is_null(types[column]):
                seen = seen_type([record.get(name) for part in inputs for record in part])
                kind = declared.get(name) or seen if seen is not None else None
                if kind is not None:
                    types[column] = kind
        return places, types

    def _whole(
        self,
        fixed: Mapping[str, pa.Array],
        records: Sequence[Mapping[str, Any]],
        places: Mapping[str, str],
        types: Mapping[str, pa.DataType],
    ) -> pa.Table:
        columns, aside = flattened(records, places, types)
        rest = [None if one is None else msgspec.json.encode(one).decode() for one in aside]
        fields = [*PREDICTIONS, *(pa.field(name, kind) for name, kind in types.items())]
        found = {**fixed, rules.REST: pa.array(rest, TEXT), **columns}
        arrays = [found.get(field.name, pa.nulls(len(records), field.type)) for field in fields]
        return pa.table(arrays, schema=pa.schema(fields))


def read_outcomes(database: Database, endpoint: str, after: int, until: int) -> pa.Table | None:
    """An endpoint's outcomes with ``after < position <= until``; None if there are none."""
    c, p = store.outcomes.c, store.predictions.c
    joined = store.outcomes.join(store.predictions, c.prediction_id == p.id)
    parts = []
    for low, high in _chunks(after, until):
        query = select(
            c.prediction_id, p.at_us.label("predicted_at"), c.name, c.seq, c.value, c.at_us.label("at"),
            c.recorded_us.label("recorded_at"),
        ).select_from(joined)  # fmt: skip
        mine = query.where(c.endpoint == endpoint, c.position > low, c.position <= high).order_by(c.position)

        def find(tx: Transaction, mine: Any = mine) -> Sequence[Any]:
            found: Sequence[Any] = tx.execute(mine).all()
            return found

        rows = database.read(find)
        if rows:
            columns = zip(*rows, strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, OUTCOMES, strict=True)]
            parts.append(pa.table(arrays, schema=OUTCOMES))
    return pa.concat_tables(parts) if parts else None


def _chunks(after: int, until: int) -> Iterator[tuple[int, int]]:
    for low in range(after, until, CHUNK):
        yield low, min(low + CHUNK, until)
