"""Servers that the tests start on free ports, and stop."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

PASSWORD = "geh3im-Wort/@"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: "subprocess.Popen[bytes]", seconds: float = 90.0) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "the server ended by itself"
        time.sleep(0.05)
    raise AssertionError("the server did not start")


def stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Postgres:
    """A PostgreSQL cluster of the tests' own; ``sync="on"`` for tests that kill it."""

    def __init__(self, root: Path, *, sync: str = "off") -> None:
        self.port = free_port()
        self._sync = sync
        self._bin = max(Path("/usr/lib/postgresql").glob("*/bin"))
        self._user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        root.chmod(0o755)
        self._data = root / "data"
        self._data.mkdir()
        (root / "pw").write_text(PASSWORD)
        if self._user:
            shutil.chown(self._data, "postgres")
            shutil.chown(root / "pw", "postgres")
        who = ("-A", "scram-sha-256", "-U", "reader", "--pwfile", root / "pw")
        self._do("initdb", "-D", self._data, "-E", "UTF8", "--no-sync", *who)
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://reader@127.0.0.1:{self.port}/postgres"

    def url_of(self, database: str) -> str:
        """A database's address, with the password."""
        return f"postgresql://reader:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/{database}"

    def table_files(self) -> list[Path]:
        """The files of all tables."""
        return [path for path in (self._data / "base").rglob("*") if path.is_file()]

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                *self._user,
                str(self._bin / "postgres"),
                *("-D", str(self._data), "-p", str(self.port), "-k", "", "-c", f"fsync={self._sync}"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self.port, self.process)

    def start_again(self) -> None:
        """After a ``kill``: not while a process of the killed server, born meanwhile, still goes away."""
        for _ in range(20):
            with suppress(AssertionError):
                self.start()
                return
            time.sleep(0.2)
        self.start()

    def run(self, *statements: str) -> None:
        import psycopg

        for tries in range(200, -1, -1):  # it listens a moment before it answers
            try:
                self._run(statements)
            except psycopg.OperationalError:
                if tries == 0:
                    raise
                time.sleep(0.1)
            else:
                return

    def _run(self, statements: Sequence[str]) -> None:
        import psycopg

        where = {"host": "127.0.0.1", "port": self.port, "user": "reader", "dbname": "postgres"}
        with psycopg.connect(**where, password=PASSWORD, autocommit=True) as connection:  # type: ignore[arg-type]
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]

    def kill(self) -> None:
        """``kill -9`` of the postmaster and all of its processes."""
        family = int((self._data / "postmaster.pid").read_text().split()[0])
        tree = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(family)], capture_output=True, check=True, text=True
        )
        for pid in (family, *map(int, tree.stdout.split())):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(timeout=20)

    def stop(self, how: str = "immediate") -> None:
        self._do("pg_ctl", "-D", self._data, "-m", how, "-w", "stop")
        self.process.wait(timeout=20)

    def _do(self, command: str, *arguments: object) -> None:
        words = [*self._user, str(self._bin / command), *map(str, arguments)]
        subprocess.run(words, check=True, capture_output=True, timeout=60)


class MariaDb:
    """A MariaDB server of the tests' own, with one database, ``shop``, that ``reader`` may do all with."""

    def __init__(self, root: Path) -> None:
        self.port = free_port()
        self._socket = root / "s"
        user = ["--user=root"] if os.geteuid() == 0 else []
        own = ("--no-defaults", f"--datadir={root}/data")
        install = ["mariadb-install-db", *own, "--auth-root-authentication-method=normal", *user]
        subprocess.run(install, check=True, capture_output=True, timeout=120)
        self._process = subprocess.Popen(
            [
                *("mariadbd", *own, f"--port={self.port}", f"--socket={self._socket}"),
                *("--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=0", *user),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self.port, self._process)
        self.run(
            f"DROP USER IF EXISTS ''@localhost, ''@{socket.gethostname()}; CREATE DATABASE shop; "
            f"CREATE USER reader@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON shop.* TO reader@'%';"
        )

    @property
    def url(self) -> str:
        return f"mysql://reader@127.0.0.1:{self.port}/shop"

    def run(self, statements: str) -> None:
        """As the server's root."""
        command = ["mariadb", "--no-defaults", "-uroot", f"--socket={self._socket}"]
        subprocess.run(command, input=statements.encode(), check=True, timeout=120)

    def stop(self) -> None:
        stop(self._process)


class Web:
    """A web server over a folder, with a few paths that answer otherwise."""

    def __init__(self, root: Path) -> None:
        self.seen: list[tuple[str, str | None]] = []
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        web = self

        class Handler(SimpleHTTPRequestHandler):
            def __init__(self, *arguments: Any) -> None:
                super().__init__(*arguments, directory=str(root))

            def do_GET(self) -> None:
                web.seen.append((self.path, self.headers.get("authorization")))
                if self.path not in web.answers:
                    super().do_GET()
                    return
                status, headers, body = web.answers[self.path]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
