"""The built web UI: files of ``static/``; any other path that is not an API path is the app itself."""

from pathlib import Path

from litestar import MediaType, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

STATIC = Path(__file__).parent / "static"
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
    ".woff2": "font/woff2",
    ".map": "application/json",
}
_NO_UI = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Pomona</title></head>
<body><main><h1>Pomona runs, but its web pages were not built</h1>
<p>Run <code>scripts/setup</code>, or install the wheel:
the API, the CLI and the SDK work all the same.</p></main></body></html>"""


@get("/", include_in_schema=False, sync_to_thread=True)
def serve_home() -> Response[bytes]:
    """The app's page."""
    return _index()


@get("/{path:path}", include_in_schema=False, sync_to_thread=True)
def serve_ui(path: FromPath[str]) -> Response[bytes]:
    """A built file with a year of caching when its name carries a hash; else the app's page."""
    if path.startswith(("/api/", "/ajax-api/")):
        raise NotFoundException
    wanted = _built(path)
    if wanted is not None:
        forever = "assets" in wanted.parts
        return _file(wanted, "public, max-age=31536000, immutable" if forever else "no-cache")
    if "." in path.rpartition("/")[2]:
        raise NotFoundException
    return _index()


def _built(path: str) -> Path | None:
    """The built file at a path, if there is one; never anything outside their folder."""
    try:
        wanted = (STATIC / path.lstrip("/")).resolve()
        return wanted if wanted.is_relative_to(STATIC.resolve()) and wanted.is_file() else None
    except (ValueError, OSError):  # no file can have such a name
        return None


def _index() -> Response[bytes]:
    index = STATIC / "index.html"
    if not index.is_file():
        return Response(_NO_UI.encode(), media_type=MediaType.HTML)
    return _file(index, "no-cache")


def _file(path: Path, caching: str) -> Response[bytes]:
    kind = _KINDS.get(path.suffix, "application/octet-stream")
    return Response(path.read_bytes(), media_type=kind, headers={"cache-control": caching})
