"""What ``pomona up`` turns into: the parent of its processes, without the command line's libraries.

What it loads, it loads for those that are forked from it. Once they run it turns into what only waits for
them (``watching``).
"""

import argparse
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from pomona.cli import watching
from pomona.core.errors import PomonaError, Unavailable
from pomona.process import DATABASE_VARIABLE, home_lock
from pomona.server.tree import STOPPED_IN_ORDER, Tree, TreeOptions, check_options, run_tree

_BOLD, _GREEN, _DIM = "1", "1;32", "2"


def become(options: TreeOptions, *, browser: bool) -> None:
    """Turn this process into the parent of a tree; its pid stays, and it does not come back."""
    given = ["--home", str(options.home), "--host", options.host]
    given += ["--port", str(options.port), "--gateway-port", str(options.gateway_port)]
    given += [] if options.auth else ["--no-auth"]
    given += [] if browser else ["--no-browser"]
    sys.stdout.flush()
    sys.stderr.flush()
    given += ["--database-in", str(_left_in_a_pipe(options.database))] if options.database else []
    environment = {name: value for name, value in os.environ.items() if name != DATABASE_VARIABLE}
    command = [sys.executable, "-m", __name__, *given]
    os.execve(sys.executable, command, environment)  # noqa: S606 - our own command


def _left_in_a_pipe(text: str) -> int:
    """A handle to read it from: arguments are shown to others, an environment to whoever is forked."""
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    os.set_inheritable(reader, True)
    return reader


def _taken(pipe: int) -> str:
    with os.fdopen(pipe) as left:
        return left.read()


def main() -> None:
    """Run the tree until a signal, or until one of its processes ends by itself."""
    parser = argparse.ArgumentParser(prog="pomona up")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--gateway-port", type=int, required=True)
    parser.add_argument("--no-auth", dest="auth", action="store_false")
    parser.add_argument("--no-browser", dest="browser", action="store_false")
    parser.add_argument("--database-in", type=int)
    given = vars(parser.parse_args())
    browser, pipe = given.pop("browser"), given.pop("database_in")
    database = None if pipe is None else _taken(pipe)
    try:
        _run(TreeOptions(**given, database=database), browser=browser)
    except PomonaError as error:
        from pomona.cli.console import complain

        complain(error)
        sys.exit(1)


def _run(options: TreeOptions, *, browser: bool) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with home_lock(options.home, says=f"`pomona up` (pid {os.getpid()}) at {options.url}") as lock:
        check_options(options)
        with run_tree(options) as tree:
            _greet(tree)
            if browser:
                _open(tree.login_url)
            _be_small(tree, stop, lock)
            ended = tree.watch(stop)
            _say("\nStopping ...")
    if ended is not None:
        raise Unavailable(
            f"the {ended} stopped by itself", hint=f"see {options.home / 'logs' / (ended + '.log')}"
        )
    _say("Stopped. Everything acknowledged is kept; `pomona up` goes on from here.")


def _be_small(tree: Tree, stop: threading.Event, lock: int) -> None:
    """Turn into a process that only watches the others and stops them; returns where that cannot be."""
    script, home = Path(watching.__file__), tree.options.home
    if sys.platform != "linux" or not script.is_file():
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watching.AWAITED)
    ended = [child for child in tree.children.values() if child.poll() is not None]
    if not stop.is_set() and not ended:
        os.set_inheritable(lock, True)
        parts = [f"{name}={tree.children[name].pid}" for name in STOPPED_IN_ORDER]
        given = [str(home / "server.json"), str(home / "logs"), *parts]
        with suppress(OSError):
            os.execv(sys.executable, [sys.executable, "-P", "-S", str(script), *given])  # noqa: S606
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _greet(tree: Tree) -> None:
    options, token = tree.options, tree.token
    _say(f"\n{_in('Pomona', _GREEN)} runs from {options.home}\n")
    _say(f"  Open       {_in(tree.login_url, _BOLD)}")
    if token:
        _say(f"             {_in('(this link logs in once; `pomona login` makes another)', _DIM)}")
    _say(f"  Gateway    {options.gateway_url}\n")
    _say("  Any MLflow client can log here; paste:")
    _say(f"    export MLFLOW_TRACKING_URI={options.url}")
    if token:
        _say(f"    export MLFLOW_TRACKING_TOKEN={token}")
    _say("\n  Ctrl-C stops everything.\n")


def _open(url: str) -> None:
    import webbrowser

    webbrowser.open(url)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _in(text: str, style: str) -> str:
    plain = not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if plain else f"\x1b[{style}m{text}\x1b[0m"


if __name__ == "__main__":
    main()
