"""Addresses of artifacts: ``mlflow-artifacts:/<experiment>/<run>/artifacts/<path>`` and what they mean.

A *root* owns files: a run (32 hex digits), a logged model (``m-...``) or a registered model version
(``mv_...``, read only). Paths below it are relative, POSIX, and never climb.
"""

import re
from urllib.parse import unquote, urlsplit

from pomona.core.errors import Invalid
from pomona.core.records import Record

SCHEME = "mlflow-artifacts"
SHARED = "shared"
VERSIONS = "model-versions"
MAX_PATH = 1000
_ROOT = re.compile(
    r"(?:^|/)(?:(?P<run>[0-9a-f]{32})|models/(?P<model>m-[0-9a-f]{32})|model-versions/(?P<version>mv_[0-9a-z]{26}))"
    r"/artifacts(?:/(?P<path>.*))?$"
)
_DRIVE = re.compile(r"^[A-Za-z]:")
_SERVICE = "/mlflow-artifacts/artifacts/"


class ArtifactAddress(Record, frozen=True, kw_only=True):
    """A file or folder: whose it is and its path there ('' is the root itself)."""

    root: str
    path: str


def safe_path(path: str) -> str:
    """A relative path without tricks, normal form.

    Raises:
        Invalid: If it is absolute, climbs (``..``, also encoded), or holds control characters.
    """
    text = path
    for _ in range(8):
        if (plain := unquote(text)) == text:
            break
        text = plain
    parts = text.split("/")
    climbs = (
        any(part in ("..", ".") for part in parts) or text.startswith("/") or "//" in text or "\\" in text
    )
    if climbs or _DRIVE.match(text) or "\x00" in text or unquote(text) != text:
        raise Invalid("Invalid path", hint="use a relative path below the run, without '..'")
    if len(path) > MAX_PATH or any(ord(c) < 32 for c in text):
        raise Invalid("Invalid path", hint=f"at most {MAX_PATH} printable characters")
    return "/".join(part for part in path.split("/") if part)


def address_of(path: str) -> ArtifactAddress:
    """What a path of the artifact proxy means.

    >>> address_of("1/" + "0" * 32 + "/artifacts/model/MLmodel").path
    'model/MLmodel'
    """
    clean = safe_path(path.strip("/")) if path.strip("/") else ""
    match = _ROOT.search(clean)
    if match is None:
        return ArtifactAddress(root=SHARED, path=clean)
    root = match["run"] or match["model"] or match["version"]
    return ArtifactAddress(root=root, path=safe_path(match["path"] or ""))


def address_of_uri(uri: str) -> ArtifactAddress | None:
    """What an ``mlflow-artifacts:`` or proxied ``http(s)`` address means; None if it is another store.

    Raises:
        Invalid: If its path climbs.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:  # e.g. http://[ is no address at all
        return None
    if parts.scheme == SCHEME:
        return address_of(parts.path)
    if parts.scheme in ("http", "https") and _SERVICE in parts.path:
        return address_of(parts.path.split(_SERVICE, 1)[1])
    return None


def run_uri(location: str, run_id: str) -> str:
    """Where a run's artifacts live, below its experiment's location."""
    return f"{location.rstrip('/')}/{run_id}/artifacts"


def logged_model_uri(location: str, model_id: str) -> str:
    """Where a logged model's files live, below its experiment's location."""
    return f"{location.rstrip('/')}/models/{model_id}/artifacts"


def trace_uri(location: str, trace_id: str) -> str:
    """Where a trace's attachments live, below its experiment's location."""
    return f"{location.rstrip('/')}/traces/{trace_id}/artifacts"


def version_uri(version_id: str) -> str:
    """Where a registered version's files are read."""
    return f"{SCHEME}:/{VERSIONS}/{version_id}/artifacts"


def experiment_uri(number: int) -> str:
    """The default artifact location of an experiment."""
    return f"{SCHEME}:/{number}"


def check_location(location: str) -> None:
    """Refuse artifact locations that this server does not keep.

    Raises:
        Invalid: If the scheme is not ours; files are kept (and verified) here, nowhere else.
    """
    if location.partition(":")[0].lower() != SCHEME or ".." in location or "?" in location or "#" in location:
        raise Invalid(
            f"Invalid artifact location: '{location}'. Pomona keeps artifacts in its own store.",
            hint=f"leave artifact_location out, or use {SCHEME}:/<path>",
        )
