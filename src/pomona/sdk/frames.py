"""Tables that the server makes, as files of the user."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pomona.core.errors import Invalid
from pomona.sdk.session import Session

_ENDS = {".csv": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}


def save_frame(session: Session, path: str, query: Mapping[str, Any], to: str | Path) -> Path:
    """Write the table at ``path`` to a file, whole or not at all; the file's end says how.

    Raises:
        Invalid: If the end is none of .csv, .parquet, .jsonl, .ndjson.
        Unavailable: If the answer breaks off.
    """
    target = Path(to)
    if target.suffix not in _ENDS:
        raise Invalid(f"{target.name!r} is no kind of table", hint=f"end it in {', '.join(_ENDS)}")
    pieces = session.stream(path, {**query, "format": _ENDS[target.suffix]})
    half = target.with_name(f".{target.name}.part")
    try:
        with half.open("wb") as file:
            for piece in pieces:
                file.write(piece)
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)
    return target
