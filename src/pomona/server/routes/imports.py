"""Taking over from MLflow, over HTTP."""

from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from pomona.core.records import Page
from pomona.registry.importing.records import Import, ImportPreview, NewImport
from pomona.server.wiring import Wired


class ImportRoutes(Controller):
    """Imports."""

    path = "/api/v1/imports"
    tags = ("training",)

    @post(sync_to_thread=True)
    def start(self, app: Wired, data: JSONBody[NewImport]) -> Import:
        """Queue an import; what is here already is not taken twice."""
        return app.imports.start(data)

    @get(sync_to_thread=True)
    def page(
        self, app: Wired, cursor: FromQuery[str | None] = None, limit: FromQuery[int] = 50
    ) -> Page[Import]:
        """Imports, newest first, with their reports."""
        return app.imports.page(cursor=cursor, limit=limit)

    @get("/{job_id:str}", sync_to_thread=True)
    def show(self, app: Wired, job_id: FromPath[str]) -> Import:
        """One import: how far it is, or its report."""
        return app.imports.get(job_id)


class ImportPreviewRoutes(Controller):
    """Looks at what an import would take."""

    path = "/api/v1/import-previews"
    tags = ("training",)

    @post(sync_to_thread=True, status_code=200)
    def look(self, app: Wired, data: JSONBody[NewImport]) -> ImportPreview:
        """Count what is there; nothing is taken."""
        return app.imports.preview(data)
