"""``python -m pomona.server.schema``: the OpenAPI file, as the web's types are generated from it."""

import sys
import tempfile
from pathlib import Path

import msgspec

from pomona.app import open_app
from pomona.server.main import build_api


def openapi() -> bytes:
    """The API's OpenAPI 3.1 document as indented JSON, keys sorted."""
    with tempfile.TemporaryDirectory() as folder:
        app = open_app(Path(folder))
        try:
            document = build_api(app).openapi_schema.to_schema()
        finally:
            app.close()
    body = msgspec.json.encode(document, order="sorted")
    return msgspec.json.format(body, indent=1) + b"\n"


if __name__ == "__main__":
    sys.stdout.buffer.write(openapi())
