"""Files of runs and models in folders that this machine can read."""

from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from pomona.core.errors import NotFound, Refused
from pomona.data.sources.guard import LocalGuard
from pomona.registry.importing.records import OldFile
from pomona.registry.importing.rules import Address, endings, path_of

_HINT = "say where the artifacts lie with --artifacts FOLDER (copy them to this machine first)"


class LocalFiles:
    """See ``Files``.

    Args:
        root: The folder that artifacts lie below; looked at before an address itself.
    """

    def __init__(self, guard: LocalGuard, root: Path | None) -> None:
        self._guard = guard
        self._root = root.resolve() if root is not None else None
        if self._root is not None and not guard.holds(self._root):
            raise Refused(
                f"{root} lies outside the folders that may be read",
                hint="who runs Pomona can add it with POMONA_SOURCES_ROOTS",
            )
        if self._root is not None and not self._root.is_dir():
            raise NotFound(f"there is no folder {root}", hint="the folder that the artifacts lie below")

    def listed(self, address: Address) -> list[OldFile]:
        folder = self._folder(address)
        if folder is None:
            return []
        found = []
        for path in sorted(folder.rglob("*")):
            if path.is_file() and self._guard.holds(path.resolve()):
                about = path.stat()
                name = path.relative_to(folder).as_posix()
                found.append(OldFile(path=name, size=about.st_size, mark=str(about.st_mtime_ns)))
        return found

    def open(self, address: Address, path: str) -> BinaryIO:
        folder = self._folder(address)
        real = (folder / path).resolve() if folder is not None else None
        if real is None or not self._guard.holds(real) or not real.is_file():
            raise NotFound(f"{path} is gone", hint="import again")
        return real.open("rb")

    def _folder(self, address: Address) -> Path | None:
        """The folder of an address; None if nothing was logged there: MLflow makes it with the first file."""
        if self._root is not None:
            for ending in endings(address.uri):
                if address.owner in ending and (self._root / ending).is_dir():
                    return self._root / ending
            return None
        scheme = urlsplit(address.uri).scheme if ":/" in address.uri else ""
        if scheme not in ("", "file"):
            raise NotFound(f"files at {scheme}: cannot be read from here", hint=_HINT)
        path = Path(path_of(address.uri))
        if not self._guard.holds(path.resolve()):
            raise Refused(
                f"files below {_top(path)} may not be read from here",
                hint="who runs Pomona can add the folder with POMONA_SOURCES_ROOTS",
            )
        if path.is_dir():
            return path
        if not any(above.is_dir() for above in list(path.parents)[:3]):
            raise NotFound(f"what lies below {_top(path)} is not on this machine", hint=_HINT)
        return None


def _top(path: Path) -> str:
    """The beginning of a path that many runs share, so that one reason is told once."""
    return str(Path(*path.parts[:3]))
