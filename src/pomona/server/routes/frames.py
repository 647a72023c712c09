"""Runs as a table over HTTP: Arrow for programs, CSV, Parquet and JSON lines for files."""

from collections.abc import Callable
from typing import Literal

import pyarrow as pa
from litestar import Controller, Response, get
from litestar.params import FromQuery

from pomona.server.streams import arrow_answer
from pomona.server.wiring import Wired
from pomona.training.records.runs import View
from pomona.training.records.studies import Stat

Format = Literal["arrow", "csv", "parquet", "jsonl"]
_KINDS = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "jsonl": "application/jsonl",
}


class FrameRoutes(Controller):
    """Searches whose answer is a table."""

    path = "/api/v1/runs"
    tags = ("training",)

    @get("/frame", sync_to_thread=True)
    def frame(
        self,
        app: Wired,
        experiment: FromQuery[str | None] = None,
        hypothesis: FromQuery[str | None] = None,
        filter: FromQuery[str] = "",
        order_by: FromQuery[list[str] | None] = None,
        view: FromQuery[View] = "ACTIVE_ONLY",
        stat: FromQuery[Stat] = "last",
        step: FromQuery[int | None] = None,
        limit: FromQuery[int] = 10_000,
        format: FromQuery[Format] = "arrow",
    ) -> Response[bytes]:
        """A row for each run; columns ``metrics.*``, ``params.*``, ``tags.*`` as in MLflow's frames."""
        table = app.tracking.frames.table(
            experiment=experiment,
            hypothesis=hypothesis,
            filter=filter,
            order_by=order_by or (),
            view=view,
            stat=stat,
            step=step,
            limit=limit,
        )
        if format == "arrow":
            return arrow_answer(table.to_reader(max_chunksize=20_000))  # type: ignore[return-value]
        body = _WRITERS[format](table)
        disposition = f'attachment; filename="runs.{format}"'
        return Response(body, media_type=_KINDS[format], headers={"content-disposition": disposition})


def _csv(table: pa.Table) -> bytes:
    import pyarrow.csv

    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(table, sink)
    return bytes(sink.getvalue())


def _parquet(table: pa.Table) -> bytes:
    import pyarrow.parquet

    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def _jsonl(table: pa.Table) -> bytes:
    import msgspec

    lines = [
        msgspec.json.encode({k: v for k, v in row.items() if v is not None}) for row in table.to_pylist()
    ]
    return b"".join(line + b"\n" for line in lines)


_WRITERS: dict[str, Callable[[pa.Table], bytes]] = {"csv": _csv, "parquet": _parquet, "jsonl": _jsonl}
