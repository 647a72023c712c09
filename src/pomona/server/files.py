"""Files that users stored, sent so that no browser runs them as part of our pages."""

import mimetypes
from urllib.parse import quote

from litestar import Response

from pomona.core.errors import Invalid

_SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "text/plain", "text/csv", "application/json")

# An origin of its own (no allow-same-origin), no request to anywhere, no form, no way out of its frame.
_ALONE = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; media-src data: blob:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)


def page_response(path: str, body: bytes) -> Response[bytes]:
    """An HTML file to be looked at in a frame: it can draw, and do nothing else.

    Raises:
        Invalid: If the name is not that of an HTML file.
    """
    if not path.lower().endswith((".html", ".htm")):
        raise Invalid(f"{path!r} is no page", hint="only .html files are shown as pages")
    headers = {"content-security-policy": _ALONE, "x-content-type-options": "nosniff"}
    return Response(body, media_type="text/html; charset=utf-8", headers=headers)


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
