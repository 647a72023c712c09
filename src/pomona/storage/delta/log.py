"""The transaction log of a table: JSON entries, a Parquet checkpoint every ten.

Every entry follows from two states alone, so writing it again writes the same bytes, and a log that is
behind its catalogue (after a crash) or must be rewritten (after an erasure) is made from the states.

References:
    https://github.com/delta-io/delta/blob/master/PROTOCOL.md
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
from blake3 import blake3

from pomona.core.tables import DataFile, TableState
from pomona.storage.delta.files import folder_of
from pomona.storage.delta.schema import schema_text
from pomona.storage.delta.vectors import uuid_of, z85
from pomona.storage.disk import sync_folder, write_whole

CHECKPOINT_EVERY = 10
_FEATURES = ("deletionVectors", "timestampNtz")
_FIRST_PROTOCOL = {"minReaderVersion": 1, "minWriterVersion": 2}
_VECTOR = pa.struct(
    [
        ("storageType", pa.string()),
        ("pathOrInlineDv", pa.string()),
        ("offset", pa.int32()),
        ("sizeInBytes", pa.int32()),
        ("cardinality", pa.int64()),
    ]
)
_TEXTS = pa.map_(pa.string(), pa.string())
_CHECKPOINT = pa.schema(
    [
        (
            "protocol",
            pa.struct(
                [
                    ("minReaderVersion", pa.int32()),
                    ("minWriterVersion", pa.int32()),
                    ("readerFeatures", pa.list_(pa.string())),
                    ("writerFeatures", pa.list_(pa.string())),
                ]
            ),
        ),
        (
            "metaData",
            pa.struct(
                [
                    ("id", pa.string()),
                    ("format", pa.struct([("provider", pa.string()), ("options", _TEXTS)])),
                    ("schemaString", pa.string()),
                    ("partitionColumns", pa.list_(pa.string())),
                    ("configuration", _TEXTS),
                    ("createdTime", pa.int64()),
                ]
            ),
        ),
        (
            "add",
            pa.struct(
                [
                    ("path", pa.string()),
                    ("partitionValues", _TEXTS),
                    ("size", pa.int64()),
                    ("modificationTime", pa.int64()),
                    ("dataChange", pa.bool_()),
                    ("stats", pa.string()),
                    ("deletionVector", _VECTOR),
                ]
            ),
        ),
        (
            "remove",
            pa.struct([("path", pa.string()), ("deletionTimestamp", pa.int64()), ("dataChange", pa.bool_())]),
        ),
    ]
)


class DeltaLog:
    """TableLog in ``<root>/<table>/_delta_log``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def where(self, table: str) -> str:
        return str(folder_of(self._root, table).resolve())

    def head(self, table: str) -> int:
        entries = self._folder(table).glob("[0-9]*.json")
        return max((int(path.stem) for path in entries), default=-1)

    def publish(
        self, table: str, states: Sequence[TableState], *, first: int, before: TableState | None
    ) -> None:
        if first > 0:
            _write(self._folder(table), table, states, first, before)
            return
        with _alone_in(folder_of(self._root, table)) as folder:  # two may make its first versions at once
            fresh = folder / "_delta_log.new"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            _write(fresh, table, states, 0, None)
            _replace(folder / "_delta_log", fresh)

    def plain(self, table: str, state: TableState) -> tuple[str, bytes]:
        at = _ms(state.at)
        metadata = _metadata(table, state) | {"configuration": {}}
        naive = "timestamp_ntz" in metadata["schemaString"]  # the first protocol knows no such times
        actions: list[dict[str, Any]] = [
            {"commitInfo": {"timestamp": at, "operation": state.operation}},
            {"protocol": _protocol(["timestampNtz"]) if naive else _FIRST_PROTOCOL},
            {"metaData": metadata},
            *({"add": _add(file, at)} for file in state.files),
        ]
        return f"_delta_log/{0:020d}.json", _lines(actions)

    def _folder(self, table: str) -> Path:
        folder = folder_of(self._root, table) / "_delta_log"
        if not folder.is_dir() and _aside(folder).is_dir():
            with _alone_in(folder.parent):
                _bring_back(folder)
        return folder


@contextmanager
def _alone_in(folder: Path) -> Iterator[Path]:
    """Nobody else is in such a block for this folder, in no process."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(handle)


def _aside(folder: Path) -> Path:
    return folder.with_name("_delta_log.old")


def _bring_back(folder: Path) -> None:
    """Undo half a replacement, by somebody who was killed between its two renames."""
    if not folder.is_dir() and _aside(folder).is_dir():
        _aside(folder).rename(folder)


def _replace(folder: Path, fresh: Path) -> None:
    _bring_back(folder)
    old = _aside(folder)
    shutil.rmtree(old, ignore_errors=True)
    if folder.is_dir():
        folder.rename(old)
    fresh.rename(folder)
    sync_folder(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def _write(
    folder: Path, table: str, states: Sequence[TableState], first: int, before: TableState | None
) -> None:
    for number, state in enumerate(states, start=first):
        write_whole(folder / f"{number:020d}.json", _lines(_entry(table, before, state)))
        if number and number % CHECKPOINT_EVERY == 0:
            _checkpoint(folder, table, number, state)
        before = state


def _lines(actions: Sequence[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(action, separators=(",", ":")) + "\n" for action in actions).encode()


def _entry(table: str, before: TableState | None, state: TableState) -> list[dict[str, Any]]:
    at = _ms(state.at)
    actions: list[dict[str, Any]] = [{"commitInfo": {"timestamp": at, "operation": state.operation}}]
    if before is None:
        actions.append({"protocol": _protocol()})
    if before is None or before.schema != state.schema:
        actions.append({"metaData": _metadata(table, state)})
    held = {_key(file) for file in before.files} if before else set()
    kept = {_key(file) for file in state.files}
    gone = [file for file in (before.files if before else ()) if _key(file) not in kept]
    changes = not state.operation.startswith("rebase")  # who follows the changes need not look at it
    actions += [{"remove": _remove(file, at, changes=changes)} for file in gone]
    fresh = [file for file in state.files if _key(file) not in held]
    actions += [{"add": _add(file, at, changes=changes)} for file in fresh]
    return actions


def _checkpoint(folder: Path, table: str, number: int, state: TableState) -> None:
    at = _ms(state.at)
    rows: list[dict[str, Any]] = [{"protocol": _protocol()}, {"metaData": _metadata(table, state)}]
    rows += [{"add": _add(file, at)} for file in state.files]
    for row in rows:  # Arrow builds maps from pairs
        for action in row.values():
            for name in ("configuration", "partitionValues"):
                if name in action:
                    action[name] = list(action[name].items())
            if "format" in action:
                action["format"]["options"] = []
    out = BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=_CHECKPOINT), out, compression="zstd")
    write_whole(folder / f"{number:020d}.checkpoint.parquet", out.getvalue())
    last = {"version": number, "size": len(rows)}
    write_whole(folder / "_last_checkpoint", json.dumps(last).encode())


def _key(file: DataFile) -> tuple[Any, ...]:
    vector = file.vector
    return (file.digest, vector and vector.digest, vector and vector.offset)


def _protocol(features: Sequence[str] = _FEATURES) -> dict[str, Any]:
    return {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": features,
        "writerFeatures": features,
    }


def _metadata(table: str, state: TableState) -> dict[str, Any]:
    return {
        "id": str(UUID(bytes=blake3(table.encode()).digest()[:16])),
        "format": {"provider": "parquet", "options": {}},
        "schemaString": schema_text(pa.ipc.read_schema(pa.py_buffer(state.schema))),
        "partitionColumns": [],
        "configuration": {"delta.enableDeletionVectors": "true"},
        "createdTime": 0,
    }


def _add(file: DataFile, at: int, *, changes: bool = True) -> dict[str, Any]:
    action = {
        "path": f"{file.digest}.parquet",
        "partitionValues": {},
        "size": file.size,
        "modificationTime": at,
        "dataChange": changes,
        "stats": json.dumps({"numRecords": file.rows, "tightBounds": file.vector is None}),
    }
    return action | _vector(file)


def _remove(file: DataFile, at: int, *, changes: bool) -> dict[str, Any]:
    action = {
        "path": f"{file.digest}.parquet",
        "deletionTimestamp": at,
        "dataChange": changes,
        "extendedFileMetadata": True,
        "partitionValues": {},
        "size": file.size,
    }
    return action | _vector(file)


def _vector(file: DataFile) -> dict[str, Any]:
    if file.vector is None:
        return {}
    return {
        "deletionVector": {
            "storageType": "u",
            "pathOrInlineDv": z85(uuid_of(file.vector.digest).bytes),
            "offset": file.vector.offset,
            "sizeInBytes": file.vector.size,
            "cardinality": file.vector.hidden,
        }
    }


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
