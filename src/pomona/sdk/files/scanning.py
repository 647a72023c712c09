"""What lies in a folder now: names and stamps, without reading a single file. Few imports, on purpose."""

import os
import stat
from collections.abc import Callable, Mapping, Sequence

from pomona.data.filesets.names import OWN_FOLDERS

STAGE = ".pomona-checkout-"  # a checkout's own folder; one that was killed may have left it
EXECUTABLE = 1
LINK = 2
# Size, mtime, inode, ctime (both in ns), mode: a file of the same stamp has the same content.
Stamp = tuple[int, int, int, int, int]


class Scan:
    """The files below a folder.

    Attributes:
        folders: By folder (empty: the top), name and stamp of each file in it, by name.
        links: By path, the target of each symbolic link.
        odd: Paths that are neither file, folder nor link.
    """

    def __init__(self) -> None:
        self.folders: dict[str, list[tuple[str, Stamp]]] = {}
        self.links: dict[str, str] = {}
        self.odd: list[str] = []

    @classmethod
    def of(cls, files: Mapping[str, Stamp], links: Mapping[str, str]) -> "Scan":
        """These files and links, by path."""
        found = cls()
        found.links = dict(links)
        for path, stamp in files.items():
            folder, _, name = path.rpartition("/")
            found.folders.setdefault(folder, []).append((name, stamp))
        for held in found.folders.values():
            held.sort()
        return found

    def files(self) -> dict[str, Stamp]:
        """By path, the stamp of each file."""
        return {
            f"{folder}/{name}" if folder else name: stamp
            for folder, found in self.folders.items()
            for name, stamp in found
        }


def stamp_of(found: os.stat_result) -> Stamp:
    """The stamp of a file."""
    executable = EXECUTABLE if found.st_mode & stat.S_IXUSR else 0
    return (found.st_size, found.st_mtime_ns, found.st_ino, found.st_ctime_ns, executable)


def scan(
    root: str, *, wanted: Callable[[str], bool] | None = None, below: Sequence[str] | None = None
) -> Scan:
    """Look through a folder; links are not followed.

    Args:
        wanted: Only files and links whose path it says yes to.
        below: Only what is in these folders of it.

    Raises:
        NotFound: If there is no such folder.
        Invalid: If a folder in it cannot be read.
    """
    _check_there(root)
    result = Scan()
    waiting = [("", root)] if below is None else [(folder, f"{root}/{folder}") for folder in below]
    while waiting:
        folder, place = waiting.pop()
        _look(folder, place, result, waiting, wanted)
    return result


def scan_top(root: str) -> tuple[Scan, list[str]]:
    """The files of a folder itself, and the folders in it.

    Raises:
        NotFound: If there is no such folder.
        Invalid: If it cannot be read.
    """
    _check_there(root)
    result, below = Scan(), list[tuple[str, str]]()
    _look("", root, result, below, None)
    return result, [folder for folder, _ in below]


def _check_there(root: str) -> None:
    if not os.path.isdir(root):  # noqa: PTH112 - pathlib would be a tenth of a short command's time
        from pomona.core.errors import NotFound

        raise NotFound(f"no folder {root}", hint="name an existing folder")


def _look(
    folder: str,
    place: str,
    result: Scan,
    waiting: list[tuple[str, str]],
    wanted: Callable[[str], bool] | None,
) -> None:
    try:
        _scan_folder(folder, place, result, waiting, wanted)
    except PermissionError:
        from pomona.core.errors import Invalid

        raise Invalid(f"the folder {place} cannot be read", hint="give yourself access to it") from None


def _scan_folder(
    folder: str,
    place: str,
    result: Scan,
    waiting: list[tuple[str, str]],
    wanted: Callable[[str], bool] | None,
) -> None:
    start = f"{folder}/" if folder else ""
    files = []
    handle = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)  # names below it, not whole paths
    try:
        with os.scandir(handle) as entries:
            for entry in entries:
                name = entry.name
                if entry.is_file(follow_symlinks=False):
                    if wanted is None or wanted(start + name):
                        found = entry.stat(follow_symlinks=False)
                        mode = EXECUTABLE if found.st_mode & 0o100 else 0
                        stamp = (found.st_size, found.st_mtime_ns, found.st_ino, found.st_ctime_ns, mode)
                        files.append((name, stamp))
                elif entry.is_dir(follow_symlinks=False):
                    if name not in OWN_FOLDERS and not name.startswith(STAGE):
                        waiting.append((start + name, f"{place}/{name}"))
                elif wanted is None or wanted(start + name):
                    if entry.is_symlink():
                        result.links[start + name] = os.readlink(name, dir_fd=handle)
                    else:
                        result.odd.append(start + name)
    finally:
        os.close(handle)
    if files:
        files.sort()
        result.folders[folder] = files
