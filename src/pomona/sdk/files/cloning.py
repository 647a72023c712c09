"""Whole files that a checkout need not copy: links to, or clones of, files kept beside the packs."""

import errno
import fcntl
import os
import secrets
from pathlib import Path
from typing import Literal

from pomona.core.errors import Invalid

Link = Literal["auto", "hardlink", "copy"]
CLONE_BYTES = 1 << 20  # below, a clone costs more than a copy
_FICLONE = 0x40049409  # linux/fs.h


def can_clone(shelf: Path, root: Path) -> bool:
    """Whether files of ``shelf`` can be cloned into ``root``: the file system must share blocks."""
    name = f".pomona-probe-{secrets.token_hex(8)}"
    source, target = shelf / name, root / name
    try:
        source.write_bytes(b"pomona" * 1000)
        return clone(source, str(target), 0o600)
    except OSError:
        return False
    finally:
        source.unlink(missing_ok=True)
        target.unlink(missing_ok=True)


def clone(source: Path, target: str, mode: int) -> bool:
    """Make ``target`` share the blocks of ``source``; False if the file system cannot."""
    taken = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with source.open("rb") as given:
            fcntl.ioctl(taken, _FICLONE, given.fileno())
    except OSError as error:
        os.unlink(target)  # noqa: PTH108 - a path of text, as `os.open` took it
        if error.errno in (errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.ENOTTY, errno.ENOSYS):
            return False
        raise
    finally:
        os.close(taken)
    return True


def check_hardlinks(shelf: Path | None, root: Path) -> Path:
    """The folder to link from.

    Raises:
        Invalid: If the store is not on this machine, or on another disk.
    """
    if shelf is None:
        raise Invalid("the store is on another machine: nothing to link to", hint="leave --link out")
    shelf.mkdir(parents=True, exist_ok=True)
    if shelf.stat().st_dev != root.stat().st_dev:
        raise Invalid(f"{root} is on another disk than the store", hint="leave --link out: files are copied")
    return shelf
