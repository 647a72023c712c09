"""Versions as Ray datasets: a read task for each data file; the server leaves hidden rows out."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from pomona.core.errors import MissingExtra, Unavailable
from pomona.sdk.rows import Rows
from pomona.sdk.session import Session
from pomona.sdk.transport import Transport

if TYPE_CHECKING:
    import pyarrow as pa

    from pomona.sdk.versions import Version

try:
    import ray.data
    from ray.data.block import BlockMetadata
    from ray.data.datasource import Datasource, ReadTask
except ModuleNotFoundError as error:
    raise MissingExtra("ray", "ray") from error


class VersionSource(Datasource):  # type: ignore[misc]  # Ray has no types
    """Ray's view of a version (or the part of one that ``select`` chose)."""

    def __init__(self, version: "Version") -> None:
        super().__init__()
        self._version = version
        self._again = _again(version)
        self._schema = version.schema

    def get_name(self) -> str:
        """As Ray's dashboard shows it."""
        return f"Pomona {self._version.ref}"

    def estimate_inmemory_data_size(self) -> int:
        """Bytes, about: what is stored is packed."""
        return 4 * self._version.record.size

    def get_read_tasks(
        self, parallelism: int, per_task_row_limit: int | None = None, data_context: Any = None
    ) -> list[Any]:
        """One for each data file, however many are asked for."""
        chosen = self._version.selection
        every = chosen.since is None and chosen.until is None
        tasks = []
        for place, file in enumerate(self._version.record.files):
            metadata = BlockMetadata(
                num_rows=file.live if every and per_task_row_limit is None else None,
                size_bytes=4 * file.size,
                input_files=(file.digest,),
                exec_stats=None,
            )
            query = chosen.query() | {"file": str(place), "limit": _text(per_task_row_limit)}
            read = partial(read_rows, self._again, f"/api/v1/data-versions/{self._version.id}/rows", query)
            tasks.append(ReadTask(read, metadata, self._schema, per_task_row_limit))
        return tasks


def dataset_of(version: "Version") -> Any:
    """The version as a ``ray.data.Dataset``.

    Raises:
        Unavailable: If the store is open in this process, where Ray's workers cannot reach it.
    """
    if not version.record.files:
        return ray.data.from_arrow(version.schema.empty_table())
    return ray.data.read_datasource(VersionSource(version))


def read_rows(
    again: Callable[[], Transport], path: str, query: Mapping[str, str | None]
) -> Iterator["pa.Table"]:
    """Runs in a worker of Ray: the rows of one file, as they come."""
    import pyarrow as pa

    transport = again()
    try:
        for batch in Rows(Session(transport), path, query).batches():
            yield pa.Table.from_batches([batch])
    finally:
        transport.close()


def _again(version: "Version") -> Callable[[], Transport]:
    again: Callable[[], Callable[[], Transport]] | None = getattr(version.transport, "again", None)
    if again is None:
        raise Unavailable(
            "Ray's workers cannot reach a store that is open in this process",
            hint="start `pomona up` in this folder, then connect again",
        )
    return again()


def _text(limit: int | None) -> str | None:
    return None if limit is None else str(limit)
