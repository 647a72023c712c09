"""Credentials by reference: looked up the moment a source is opened, forgotten when it is closed."""

import os
from pathlib import Path

from pomona.core.errors import Invalid, Refused
from pomona.data.sources.door import Secret
from pomona.data.sources.guard import LocalGuard

_MOUNTED = ("/run/secrets", "/var/run/secrets")  # where container platforms put them
_LONGEST = 16_384


def look_up(reference: str | None, guard: LocalGuard) -> Secret | None:
    """The text behind ``env:NAME`` or ``file:/path`` (its first line).

    Raises:
        Invalid: If the variable is not set or the file cannot be read.
        Refused: If the file lies outside the folders allowed.
    """
    if reference is None:
        return None
    kind, _, rest = reference.partition(":")
    found = os.environ.get(rest) if kind == "env" else _first_line(Path(rest), guard)
    if not found:
        raise Invalid(
            f"the credentials {reference} are empty or not set",
            hint=f"set {rest} where `pomona up` (server and worker) is started, then start it again"
            if kind == "env"
            else "one line with the password, readable by the user that runs Pomona",
        )
    return Secret(found)


def _first_line(path: Path, guard: LocalGuard) -> str:
    real = path.resolve()
    if not any(real.is_relative_to(folder) for folder in _MOUNTED) and not guard.holds(real):
        raise Refused(
            f"the credentials file {path} lies outside the folders that sources may read",
            hint="put it below /run/secrets, or add its folder to POMONA_SOURCES_ROOTS",
        )
    try:
        with real.open(encoding="utf-8") as file:
            return file.readline(_LONGEST).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise Invalid(
            f"the credentials file {path} cannot be read: {reason}",
            hint="one line with the password, readable by the user that runs Pomona",
        ) from None
