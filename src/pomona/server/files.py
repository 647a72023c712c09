"""Files that users stored, sent so that no browser runs them as part of our pages."""

import mimetypes
from urllib.parse import quote

from litestar import Response

_SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "text/plain", "text/csv", "application/json")


def file_response(path: str, body: bytes) -> Response[bytes]:
    """The file: shown if it is an image or plain text, else offered for download; never as a page."""
    name = path.rsplit("/", 1)[-1]
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if kind.startswith("text/") or name in ("MLmodel", "conda.yaml", "python_env.yaml"):
        kind = kind if kind in _SHOWN else "text/plain"
    shown = kind in _SHOWN
    disposition = "inline" if shown else "attachment"
    return Response(
        body,
        media_type=f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
        headers={
            "content-disposition": f"{disposition}; filename*=UTF-8''{quote(name)}",
            "content-security-policy": "default-src 'none'; sandbox",
            "x-content-type-options": "nosniff",
        },
    )
