"""What git says of a folder: commit, branch, and what is not committed, within bounds."""

import os
import subprocess
import threading
from pathlib import Path

from pomona.training.code.records import GitState
from pomona.training.code.rules import kept_of, masked

_WAIT_S = 20.0
_MOST_READ = 16 << 20
_CODE = ("*.py", "*.ipynb", "*.R", "*.r", "*.jl", "*.sql", "*.sh", "*.scala", "*.cpp", "*.cu")
_MOST_UNKNOWN = 50
_PLAIN = ("--no-color", "--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/")


def git_state(folder: Path) -> GitState | None:
    """Where the repository around a folder stands; None outside of one, or without git.

    The patch is that of the whole repository against its commit: a script imports from everywhere in it.
    Files that look like secrets, binary ones, and code that git does not know are only named in it.
    """
    commit = _said(folder, "rev-parse", "--verify", "HEAD")
    root = _said(folder, "rev-parse", "--show-toplevel")
    if not commit or not root:
        return None
    top = Path(root)
    branch = _said(top, "rev-parse", "--abbrev-ref", "HEAD")
    unknown = _said(top, "ls-files", "--others", "--exclude-standard", "-z", "--", *_CODE)
    diff = _git(top, "-c", "core.quotepath=off", "diff", *_PLAIN, "HEAD", "--")
    names = [name for name in unknown.split("\0") if name][:_MOST_UNKNOWN]
    return GitState(
        commit=commit,
        diff=None if diff is None else kept_of(diff, [name.replace("\n", " ") for name in names]),
        branch=branch if branch != "HEAD" else None,
        repo=masked(_said(top, "config", "--get", "remote.origin.url")) or None,
    )


def _said(folder: Path, *arguments: str) -> str:
    return (_git(folder, *arguments) or "").strip()


def _git(folder: Path, *arguments: str) -> str | None:
    """What a git command prints, its first 16 MB; None if it fails or takes too long."""
    try:
        process = subprocess.Popen(
            ["git", *arguments],
            cwd=folder,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None
    with process:
        late = threading.Timer(_WAIT_S, process.kill)
        late.start()
        try:
            printed = process.stdout.read(_MOST_READ) if process.stdout else b""
            more = process.stdout.read(1) if process.stdout else b""
            if more:
                process.kill()
        finally:
            late.cancel()
        process.wait()
    return printed.decode(errors="replace") if process.returncode == 0 or more else None
