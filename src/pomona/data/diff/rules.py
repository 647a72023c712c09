"""Which rows two versions do not share, by their files alone; and what the columns of a diff are called."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pomona.core.tables import DataFile
from pomona.data.comparison.records import ColumnChange
from pomona.data.tables.canonical import is_wider
from pomona.data.tables.replaced import is_among

KIND = "_change"  # in the frame of all rows that differ: added, removed or changed
CHANGED = "_changed"  # the names of the columns that differ

Places = NDArray[np.uint64]
Hidden = Callable[[DataFile], Places]


@dataclass(frozen=True)
class Part:
    """Rows of a version's file that the other version does not have.

    Attributes:
        number: Which of the version's files.
        places: The rows' places in it, sorted; None: every row that the version has of it.
    """

    number: int
    places: Places | None
    rows: int


def unshared(
    before: Sequence[DataFile], after: Sequence[DataFile], hidden: tuple[Hidden, Hidden]
) -> tuple[list[Part], list[Part]]:
    """The rows that only ``before`` has, and those that only ``after`` has, part by part.

    Files are named by their content, so a file of both versions holds the same rows; vectors are only
    looked at where they differ.
    """
    waiting: dict[str, list[int]] = defaultdict(list)
    for number, file in enumerate(after):
        waiting[file.digest].append(number)
    gone: list[Part] = []
    come: dict[int, Part] = {}
    shared = set()
    for number, file in enumerate(before):
        twins = waiting[file.digest]
        if not twins:
            gone.append(Part(number, None, file.live))
            continue
        twin = twins.pop(0)
        shared.add(twin)
        if file.vector == after[twin].vector:
            continue
        was, now = hidden[0](file), hidden[1](after[twin])
        lost, found = now[~is_among(now, was)], was[~is_among(was, now)]
        if len(lost):
            gone.append(Part(number, lost, len(lost)))
        if len(found):
            come[twin] = Part(twin, found, len(found))
    for number, file in enumerate(after):
        if number not in shared:
            come[number] = Part(number, None, file.live)
    return gone, [come[number] for number in sorted(come)]


def everything(files: Sequence[DataFile]) -> list[Part]:
    """All rows of a version."""
    return [Part(number, None, file.live) for number, file in enumerate(files)]


def may_share(before: pa.Schema, after: pa.Schema) -> bool:
    """Whether equal files mean equal rows: no column has another type now (one of nulls is in no file)."""
    common = [name for name in before.names if name in after.names]
    pairs = [(before.field(name).type, after.field(name).type) for name in common]
    return all(was == now or pa.types.is_null(was) or pa.types.is_null(now) for was, now in pairs)


def common_type(before: pa.DataType, after: pa.DataType) -> pa.DataType | None:
    """The one of two types that holds the values of both exactly; None if neither does.

    >>> common_type(pa.int32(), pa.int64()), common_type(pa.int64(), pa.large_string())
    (DataType(int64), None)
    """
    if before == after or is_wider(after, before):
        return after
    return before if is_wider(before, after) else None


def column_changes(before: pa.Schema, after: pa.Schema) -> list[tuple[str, ColumnChange]]:
    """Every column of either version, those of ``after`` first, and what became of it."""
    found: list[tuple[str, ColumnChange]] = []
    for name in after.names:
        if name not in before.names:
            found.append((name, "added"))
        else:
            same = before.field(name).type == after.field(name).type
            found.append((name, "same" if same else "retyped"))
    return [*found, *((name, "removed") for name in before.names if name not in after.names)]


def pair_names(key: Sequence[str], columns: Sequence[str]) -> dict[str, tuple[str, str]]:
    """What the columns before and after are called in the frame of changed rows.

    >>> pair_names(["id"], ["id", "x"])
    {'x': ('x_before', 'x_after')}
    >>> pair_names(["x_before"], ["x"])
    {'x': ('x__before', 'x__after')}
    """
    for gap in range(1, len(key) + 2):
        bar = "_" * gap
        pairs = {name: (f"{name}{bar}before", f"{name}{bar}after") for name in columns if name not in key}
        if not set(key) & {end for pair in pairs.values() for end in pair}:
            return pairs
    raise AssertionError("more clashes than key columns")
