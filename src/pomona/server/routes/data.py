"""Stage 2 over HTTP: datasets, their versions, checks and profiles.

A name with a project (``nyc/flights``) is written ``nyc~flights`` in a path.
"""

import asyncio
import errno
import tempfile
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from litestar import Controller, Request, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream

from pomona.core.errors import StorageFull
from pomona.core.records import Page
from pomona.data.export.records import Location
from pomona.data.records import Check, Committed, Dataset, DataVersion, GivenMode, NewDataset, QualityReport
from pomona.server.streams import arrow_answer
from pomona.server.wiring import Wired
from pomona.stats.records import TableProfile


class DatasetRoutes(Controller):
    """Datasets."""

    path = "/api/v1/datasets"
    tags = ("data",)

    @post(sync_to_thread=True)
    def create(self, app: Wired, data: JSONBody[NewDataset]) -> Dataset:
        """Declare a dataset."""
        return app.data.create(data)

    @get(sync_to_thread=True)
    def page(
        self, app: Wired, cursor: FromQuery[str | None] = None, limit: FromQuery[int] = 50
    ) -> Page[Dataset]:
        """Datasets, newest first."""
        return app.data.datasets(cursor=cursor, limit=limit)

    @get("/{ref:str}", sync_to_thread=True)
    def show(self, app: Wired, ref: FromPath[str]) -> Dataset:
        """One dataset, by id or name."""
        return app.data.dataset(_ref(ref))

    @put("/{ref:str}/checks", sync_to_thread=True)
    def declare_checks(self, app: Wired, ref: FromPath[str], data: JSONBody[list[Check]]) -> Dataset:
        """Replace the checks of a dataset."""
        return app.data.declare_checks(_ref(ref), data)

    @get("/{ref:str}/versions", sync_to_thread=True)
    def versions(self, app: Wired, ref: FromPath[str]) -> list[DataVersion]:
        """Every version of a dataset, newest first."""
        return app.data.versions(_ref(ref))

    @post("/{ref:str}/versions", request_max_body_size=None)
    async def commit(
        self,
        app: Wired,
        request: Request[Any, Any, Any],
        ref: FromPath[str],
        mode: FromQuery[GivenMode] = "full",
        onto: FromQuery[str | None] = None,
        note: FromQuery[str] = "",
        as_of: FromQuery[datetime | None] = None,
        allow_empty: FromQuery[bool] = False,
        new_base: FromQuery[bool] = False,
        producer: FromQuery[str | None] = None,
        offset: FromQuery[int] = 0,
    ) -> Committed:
        """Commit the table in the body (Arrow stream, Parquet or CSV) as the next version."""
        kind = request.headers.get("content-type", "")
        with tempfile.TemporaryFile(dir=_incoming(app.home)) as body:
            await _receive(request, body)
            try:
                return await asyncio.to_thread(
                    app.data.commit_bytes,
                    _ref(ref),
                    body,
                    kind,
                    mode=mode,
                    onto=onto,
                    note=note,
                    as_of=as_of,
                    allow_empty=allow_empty,
                    new_base=new_base,
                    producer=producer,
                    offset=offset,
                )
            finally:
                _release_unused()  # the next request may need other sizes


class DataVersionRoutes(Controller):
    """Versions of datasets, by ``flights@v3``, ``flights@latest`` or id."""

    path = "/api/v1/data-versions/{ref:str}"
    tags = ("data",)

    @get(sync_to_thread=True)
    def show(self, app: Wired, ref: FromPath[str]) -> DataVersion:
        """One version."""
        return app.data.resolve(_ref(ref))

    @get("/rows", sync_to_thread=True)
    def rows(
        self,
        app: Wired,
        ref: FromPath[str],
        columns: FromQuery[str | None] = None,
        since: FromQuery[datetime | None] = None,
        until: FromQuery[datetime | None] = None,
        limit: FromQuery[int | None] = None,
        file: FromQuery[int | None] = None,
        purpose: FromQuery[str | None] = None,
    ) -> Stream:
        """The rows as an Arrow stream; ``columns`` are separated by commas, ``file`` is the place of one."""
        from pomona.data.shelf import Part  # with Arrow, when rows are read

        wanted = columns.split(",") if columns else None
        part = Part(columns=wanted, since=since, until=until, limit=limit, file=file, purpose=purpose)
        return arrow_answer(app.shelf.stream(_ref(ref), part))

    @get("/location", sync_to_thread=True)
    def location(self, app: Wired, ref: FromPath[str]) -> Location:
        """Where the version's Delta table lies, for engines on the same machine."""
        return app.shelf.location(_ref(ref))

    @get("/preview", sync_to_thread=True)
    def preview(self, app: Wired, ref: FromPath[str], limit: FromQuery[int] = 20) -> list[dict[str, Any]]:
        """The first rows as JSON."""
        return app.data.preview(_ref(ref), limit=limit)

    @get("/profile", sync_to_thread=True)
    def profile(
        self,
        app: Wired,
        ref: FromPath[str],
        since: FromQuery[datetime | None] = None,
        until: FromQuery[datetime | None] = None,
    ) -> TableProfile:
        """One summary per column, of all rows or of a time range."""
        return app.data.profile(_ref(ref), since=since, until=until)

    @get("/quality", sync_to_thread=True)
    def quality(self, app: Wired, ref: FromPath[str]) -> QualityReport:
        """What the checks found last."""
        return app.data.report(_ref(ref))

    @post("/quality", sync_to_thread=True)
    def recheck(self, app: Wired, ref: FromPath[str]) -> QualityReport:
        """Run the checks once more, as they are declared now."""
        return app.data.recheck(_ref(ref))


def _ref(ref: str) -> str:
    return ref.replace("~", "/")


def _incoming(home: Path) -> Path:
    folder = home / "incoming"
    folder.mkdir(exist_ok=True)
    return folder


async def _receive(request: Request[Any, Any, Any], body: IO[bytes]) -> None:
    try:
        async for piece in request.stream():
            body.write(piece)
        body.flush()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(
                "the disk takes no more data", hint="free some space, then commit again"
            ) from error
        raise
    body.seek(0)


def _release_unused() -> None:
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
