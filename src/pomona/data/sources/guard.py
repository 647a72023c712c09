"""What a source may reach from this machine: no cloud's metadata, no file outside the folders allowed."""

import glob
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from pomona.core.errors import Invalid, NotFound, Refused, Unavailable
from pomona.data.sources import rules
from pomona.process import BIND_VARIABLE

ALLOW_VARIABLE = "POMONA_SOURCES_ALLOW"
ROOTS_VARIABLE = "POMONA_SOURCES_ROOTS"
_LOOPBACK = ("", "127.0.0.1", "localhost", "::1")
_MOST_FILES = 10_000


class LocalGuard:
    """Guard for this process.

    Args:
        home: Pomona's own folder: nothing in it is a source.
        roots: Folders below which files may be read.
        allow: Hosts and networks that may be reached though they are private, separated by commas.
        open_to_others: Whether people on other machines can register sources here.
    """

    def __init__(
        self, home: Path, roots: Sequence[Path], *, allow: str = "", open_to_others: bool = False
    ) -> None:
        self._home = home.resolve()
        self._roots = [root.resolve() for root in roots]
        self._allow = allow
        self._open = open_to_others

    def address(self, host: str, port: int) -> str:
        """An IP address of the host that may be connected to; see ``Guard``."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "no such name"
            raise Unavailable(
                f"the host {host!r} is unknown: {reason}", hint="a typo, or no network?"
            ) from None
        addresses = [str(entry[4][0]) for entry in found]
        for address in addresses:  # all of them: a name must not hide a forbidden one behind a good one
            self._check(host, address)
        return addresses[0]

    def _check(self, host: str, address: str) -> None:
        if rules.is_metadata(address):
            raise Refused(
                f"{host} is a link-local or metadata address ({address}), which is no source of data",
                hint="such addresses hand out a machine's own credentials; they cannot be allowed",
            )
        if self._open and rules.is_private(address) and not rules.is_allowed(host, address, self._allow):
            raise Refused(
                f"{host} is on a private network ({address}), and this server is open to others",
                hint=f"who runs it can allow the host or network: {ALLOW_VARIABLE}={host}",
            )

    def files(self, pattern: str) -> list[Path]:
        """The files of a path or glob; see ``Guard``."""
        if "\x00" in pattern:
            raise Invalid("the path holds a zero byte", hint="a typo?")
        wanted = self._roots[0] / pattern  # an absolute pattern stays as it is
        found = sorted(filter(os.path.isfile, glob.iglob(str(wanted), recursive=True)))  # noqa: PTH207
        if not found:
            self._inside(wanted.parent if glob.has_magic(wanted.name) else wanted, pattern)
            raise NotFound(
                f"no file {pattern!r} (below {self._roots[0]})", hint="is the path right, and readable?"
            )
        if len(found) > _MOST_FILES:
            raise Invalid(
                f"{len(found):,} files fit {pattern!r}", hint=f"at most {_MOST_FILES:,} in one extraction"
            )
        return [self._inside(Path(path), pattern) for path in found]

    def holds(self, real: Path) -> bool:
        """Whether a resolved path lies below a folder allowed, and not in Pomona's own."""
        return not real.is_relative_to(self._home) and any(real.is_relative_to(root) for root in self._roots)

    def _inside(self, path: Path, pattern: str) -> Path:
        real = path.resolve()  # through every symbolic link
        if not self.holds(real):
            raise Refused(
                f"{pattern!r} leads outside the folders that sources may read",
                hint=f"allowed: {os.pathsep.join(map(str, self._roots))}; who runs Pomona can add more with "
                f"{ROOTS_VARIABLE} (Pomona's own folder is never one)",
            )
        return real


def guard_of(home: Path) -> LocalGuard:
    """The guard that the environment asks for; default: the working folder and the home's parent."""
    named = os.environ.get(ROOTS_VARIABLE, "")
    roots = [Path(part) for part in named.split(os.pathsep) if part] or [Path.cwd(), home.parent]
    return LocalGuard(
        home,
        roots,
        allow=os.environ.get(ALLOW_VARIABLE, ""),
        open_to_others=os.environ.get(BIND_VARIABLE, "") not in _LOOPBACK,
    )
