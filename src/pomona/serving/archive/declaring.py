"""The datasets of an endpoint: declared when their first rows are written, or found again."""

from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from pomona.core.errors import Conflict, Invalid
from pomona.data.purposes import check_consent_column
from pomona.data.records import Dataset, NewDataset
from pomona.serving.archive import rules
from pomona.serving.archive.records import TableKind
from pomona.serving.archive.rows import KEYS

_TRIES = 10
_WORDS: dict[TableKind, str] = {
    "predictions": (
        "What {endpoint} answered: the inputs in columns of their own (what fits none as JSON in input_rest),"
        " the answer, and who gave it with which probability. Join outcomes by prediction_id."
    ),
    "outcomes": (
        "What came true of the predictions of {endpoint}. Of one prediction and name the highest seq counts."
    ),
}
_ABOUT: dict[TableKind, tuple[str, ...]] = {
    "predictions": ("unit", "key", "output_json", rules.REST),
    "outcomes": (),
}


@dataclass(frozen=True)
class Permits:
    """What rows may serve, and the column that says so of each."""

    purposes: tuple[str, ...] = ()
    consent_column: str | None = None


class Datasets(Protocol):
    """Datasets by id or name."""

    def create(self, new: NewDataset) -> Dataset: ...

    def dataset(self, ref: str) -> Dataset: ...


def declared(data: Datasets, endpoint: str, what: TableKind, permits: Permits) -> Dataset:
    """The dataset for an endpoint's rows of a kind; if others took its name it gets a number."""
    words = _WORDS[what].format(endpoint=endpoint)
    for number in range(1, _TRIES + 1):
        new = NewDataset(
            name=rules.dataset_name(endpoint, what, number),
            key=KEYS[what],
            time_column="at",
            purposes=permits.purposes,
            description=words,
            consent_column=permits.consent_column,
            subject_columns=_ABOUT[what],
        )
        try:
            return data.create(new)
        except Conflict:
            there = data.dataset(new.name)
            if (there.key, there.description) == (new.key, words):
                return there  # declared a moment ago by somebody who was killed then
    raise Conflict(
        f"other datasets have the names for the {what} of {endpoint}",
        hint=f"{rules.dataset_name(endpoint, what)} and those with a number behind it are taken",
    )


def permits_of(source: Dataset, rows: pa.Schema) -> Permits:
    """What rows may serve whose columns are those of a dataset, answered by a model trained on it."""
    column = source.consent_column
    if column is None or column not in rows.names:
        return Permits(source.purposes)
    try:
        check_consent_column(rows, column)
    except Invalid:
        return Permits(source.purposes)
    return Permits(source.purposes, column)
