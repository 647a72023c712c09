"""File sets over HTTP: declare, commit, look at versions, read single files.

A name with a project (``vision/pets``) is written ``vision~pets`` in a path.
"""

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from litestar import Controller, Request, Response, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream

from pomona.core.records import Page
from pomona.data.filesets import manifests
from pomona.data.filesets.records import (
    AddMode,
    FileEntry,
    FilePage,
    FilesAdded,
    FileSet,
    FileSetDiff,
    FileSetVersion,
    FilesVerified,
    FolderListing,
    NewFileSet,
)
from pomona.server.previews import media_type_of
from pomona.server.wiring import Wired

MANIFEST = "application/x-pomona-manifest"
_MOST_MANIFEST = 1 << 30


class FileSetRoutes(Controller):
    """File sets."""

    path = "/api/v1/file-sets"
    tags = ("files",)

    @post(sync_to_thread=True)
    def create(self, app: Wired, data: JSONBody[NewFileSet]) -> FileSet:
        """Declare a file set."""
        return app.files.create(data)

    @get(sync_to_thread=True)
    def page(
        self, app: Wired, cursor: FromQuery[str | None] = None, limit: FromQuery[int] = 50
    ) -> Page[FileSet]:
        """File sets, newest first."""
        return app.files.file_sets(cursor=cursor, limit=limit)

    @get("/{ref:str}", sync_to_thread=True)
    def show(self, app: Wired, ref: FromPath[str]) -> FileSet:
        """One file set, by id or name."""
        return app.files.file_set(_ref(ref))

    @get("/{ref:str}/versions", sync_to_thread=True)
    def versions(self, app: Wired, ref: FromPath[str]) -> list[FileSetVersion]:
        """Every version of a file set, newest first."""
        return app.files.versions(_ref(ref))

    @post("/{ref:str}/versions", request_max_body_size=_MOST_MANIFEST)
    async def commit(
        self,
        app: Wired,
        request: Request[Any, Any, Any],
        ref: FromPath[str],
        mode: FromQuery[AddMode] = "full",
        note: FromQuery[str] = "",
        allow_empty: FromQuery[bool] = False,
    ) -> FilesAdded:
        """Commit the list of files in the body; their contents were sent to /api/v1/chunks before."""
        body = await request.body()
        return await asyncio.to_thread(
            app.files.commit, _ref(ref), body, mode=mode, note=note, allow_empty=allow_empty
        )


class FileSetVersionRoutes(Controller):
    """Versions of file sets, by ``pets@v3``, ``pets@latest`` or id."""

    path = "/api/v1/file-set-versions/{ref:str}"
    tags = ("files",)

    @get(sync_to_thread=True)
    def show(self, app: Wired, ref: FromPath[str]) -> FileSetVersion:
        """One version."""
        return app.files.resolve(_ref(ref))

    @get("/manifest", sync_to_thread=True)
    def manifest(self, app: Wired, ref: FromPath[str]) -> Response[bytes]:
        """The whole list of files, as Pomona's clients read it."""
        return Response(manifests.encode(app.files.content(_ref(ref))), media_type=MANIFEST)

    @get("/files", sync_to_thread=True)
    def files(
        self,
        app: Wired,
        ref: FromPath[str],
        pattern: FromQuery[list[str] | None] = None,
        after: FromQuery[str | None] = None,
        limit: FromQuery[int] = 100,
    ) -> FilePage:
        """Its files by pattern, in the order of their paths."""
        return app.file_reader.files(_ref(ref), patterns=pattern or (), after=after, limit=limit)

    @get("/folder", sync_to_thread=True)
    def folder(
        self,
        app: Wired,
        ref: FromPath[str],
        path: FromQuery[str] = "",
        after: FromQuery[str | None] = None,
        limit: FromQuery[int] = 100,
    ) -> FolderListing:
        """One folder: the folders in it with all that is below them, and a page of its files."""
        return app.file_reader.folder(_ref(ref), path, after=after, limit=limit)

    @get("/file", sync_to_thread=True)
    def file(self, app: Wired, ref: FromPath[str], path: FromQuery[str]) -> Stream:
        """The bytes of one file. Only harmless kinds are shown by a browser, the rest it saves."""
        entry, pieces = app.file_reader.file(_ref(ref), path)
        return _file(entry, pieces)

    @get("/diff/{other:str}", sync_to_thread=True)
    def diff(
        self,
        app: Wired,
        ref: FromPath[str],
        other: FromPath[str],
        after: FromQuery[str | None] = None,
        limit: FromQuery[int] = 100,
    ) -> FileSetDiff:
        """How this version became another one."""
        return app.file_reader.diff(_ref(ref), _ref(other), after=after, limit=limit)

    @post("/verify", sync_to_thread=True)
    def verify(
        self,
        app: Wired,
        ref: FromPath[str],
        after: FromQuery[str | None] = None,
        limit: FromQuery[int] = 1000,
    ) -> FilesVerified:
        """Read files again and compare them with their digests, page by page."""
        return app.file_reader.verify(_ref(ref), after=after, limit=limit)

    @delete(sync_to_thread=True, status_code=200)
    def drop(self, app: Wired, ref: FromPath[str]) -> FileSetVersion:
        """Give its files up; the record stays."""
        return app.files.drop(_ref(ref))


def _ref(ref: str) -> str:
    return ref.replace("~", "/")


def _file(entry: FileEntry, pieces: Iterator[bytes]) -> Stream:
    media_type = media_type_of(entry.path)
    name = quote(entry.path.rpartition("/")[2], safe="")
    shown = "attachment" if media_type == "application/octet-stream" else "inline"
    return Stream(
        pieces,
        media_type=media_type,
        headers={
            "content-disposition": f"{shown}; filename*=UTF-8''{name}",
            "content-security-policy": "default-src 'none'; sandbox",  # an SVG may hold scripts
            "etag": f'"{entry.digest}"',
        },
    )
