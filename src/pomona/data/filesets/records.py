"""A file set, its immutable versions, the files in them, and how two versions differ."""

from datetime import datetime
from typing import Literal

from pomona.core.records import Record

AddMode = Literal["full", "append"]
FileMode = Literal["file", "executable", "link"]
MediaKind = Literal["image", "text", "audio", "other"]
ChangeKind = Literal["added", "removed", "changed"]


class NewFileSet(Record, frozen=True, kw_only=True):
    """What a person declares: a name, and what the files may serve."""

    name: str  # `pets` or `project/pets`
    description: str = ""
    purposes: tuple[str, ...] = ()


class FileSet(Record, frozen=True, kw_only=True):
    """A named folder of files that gets a new version whenever its content changes."""

    id: str
    name: str
    description: str = ""
    purposes: tuple[str, ...] = ()
    created_at: datetime
    created_by: str


class FileEntry(Record, frozen=True, kw_only=True):
    """A file of a version. Its path is relative, with ``/`` between folders."""

    path: str
    size: int  # bytes; of a link, of its target's name
    digest: str  # BLAKE3 of the content; of a link, of its target's name
    mode: FileMode = "file"
    target: str | None = None  # of a link


class KindCount(Record, frozen=True, kw_only=True):
    """How many files of a kind there are, and their bytes."""

    kind: MediaKind
    files: int
    size: int


class FileSetVersion(Record, frozen=True, kw_only=True):
    """A file set at one moment: never changed once stored.

    ``digest`` is the BLAKE3 root over the paths, modes and digests of its files, in the order of their
    paths; it does not depend on how the contents are cut, packed or stored.
    """

    id: str
    file_set: str  # its name
    file_set_id: str
    number: int
    digest: str
    parent: str | None = None
    mode: AddMode
    files: int
    size: int  # bytes of all files
    files_added: int
    files_removed: int
    files_changed: int
    size_new: int  # bytes of the contents that its parent has not
    kinds: tuple[KindCount, ...] = ()
    manifest: str  # digest of the list of its files
    note: str = ""
    created_at: datetime
    created_by: str
    dropped_at: datetime | None = None  # its files are gone, this record stays
    dropped_by: str | None = None


class FilesAdded(Record, frozen=True, kw_only=True):
    """The answer to a commit of files."""

    version: FileSetVersion
    created: bool  # False: the content equals this version, nothing was stored


class FileChange(Record, frozen=True, kw_only=True):
    """A path at which two versions differ."""

    path: str
    change: ChangeKind
    old: FileEntry | None = None
    new: FileEntry | None = None


class FileSetDiff(Record, frozen=True, kw_only=True):
    """How one version became another; counts are exact, ``changes`` is one page of them."""

    old: str  # ref, e.g. pets@v1
    new: str
    added: int
    removed: int
    changed: int
    unchanged: int
    size_added: int  # bytes of files added, and of changed files as they are now
    size_removed: int
    changes: tuple[FileChange, ...]
    next_after: str | None = None  # path to continue behind; None at the end


class FolderEntry(Record, frozen=True, kw_only=True):
    """A folder in a version, with everything below it."""

    name: str
    files: int
    size: int


class FolderListing(Record, frozen=True, kw_only=True):
    """One folder of a version: the folders and, page by page, the files in it."""

    path: str  # empty: the top
    folders: tuple[FolderEntry, ...]
    files: tuple[FileEntry, ...]
    files_total: int
    next_after: str | None = None


class FilePage(Record, frozen=True, kw_only=True):
    """Files of a version by pattern, one page in the order of their paths."""

    items: tuple[FileEntry, ...]
    files: int  # that match, on all pages
    size: int
    next_after: str | None = None


class BadFile(Record, frozen=True, kw_only=True):
    """A file that is no longer what it was."""

    path: str
    problem: str


class FilesVerified(Record, frozen=True, kw_only=True):
    """What reading files again found; ``next_after`` continues behind a path."""

    version: str
    files: int
    size: int
    bad: tuple[BadFile, ...]
    next_after: str | None = None
