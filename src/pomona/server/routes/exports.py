"""Versions for others, over HTTP: files to download, a description.

A name with a project (``nyc/flights``) is written ``nyc~flights`` in a path.
"""

from datetime import datetime
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from pomona.core.records import to_json
from pomona.data.export.records import ExportFormat
from pomona.data.export.rules import MEDIA_TYPES, file_name
from pomona.data.rules import EXPORT
from pomona.server.streams import begun
from pomona.server.wiring import Wired


class ExportRoutes(Controller):
    """Versions of datasets as files."""

    path = "/api/v1/data-versions/{ref:str}"
    tags = ("data",)

    @get("/export", sync_to_thread=True)
    def export(
        self,
        app: Wired,
        ref: FromPath[str],
        format: FromQuery[ExportFormat] = "parquet",
        columns: FromQuery[str | None] = None,
        since: FromQuery[datetime | None] = None,
        until: FromQuery[datetime | None] = None,
        purpose: FromQuery[str] = EXPORT,
    ) -> Stream:
        """The rows as a file; ``delta-plain`` is a tar archive of a Delta table without vectors."""
        from pomona.data.shelf import Part  # with Arrow, when rows are read

        version = app.data.resolve(_ref(ref))
        wanted = columns.split(",") if columns else None
        part = Part(columns=wanted, since=since, until=until, purpose=purpose)
        pieces = app.exports.export(version.id, format, part)
        name = file_name(version.dataset, version.number, format)
        return Stream(
            begun(pieces),
            media_type=MEDIA_TYPES[format],
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )

    @get("/croissant", sync_to_thread=True)
    def croissant(
        self,
        app: Wired,
        request: Request[Any, Any, Any],
        ref: FromPath[str],
        url: FromQuery[str | None] = None,
    ) -> Response[bytes]:
        """The version described in Croissant (JSON-LD); ``url``: where its Parquet export will lie."""
        version = app.data.resolve(_ref(ref))
        own = f"{request.base_url}api/v1/data-versions/{version.id}/export?format=parquet"
        found = app.exports.describe(version.id, url=url or own)
        return Response(to_json(found), media_type="application/ld+json")


def _ref(ref: str) -> str:
    return ref.replace("~", "/")
