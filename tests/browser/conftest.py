"""A real Chromium; the built pages over canned answers, and a real server with a small life cycle in it."""

import functools
import http.server
import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

import pomona
from pomona.server.main import CONTENT_SECURITY
from pomona.server.ui import STATIC

AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Answers = dict[str, Any]


@pytest.fixture(scope="module")  # not longer: while Playwright runs, no other test may start an event loop
def chromium() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


class _Canned(http.server.BaseHTTPRequestHandler):
    """Built files, the app's page for any other path, and canned JSON below /api."""

    def __init__(self, *args: Any, answers: Answers, over: threading.Event) -> None:
        self.answers = answers
        self.over = over
        super().__init__(*args)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/api/v1/events/stream":
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: connected\n\n")
            self.over.wait()  # a feed on which nothing happens
        elif path.startswith("/api/"):
            missing = {"title": "NotFound", "status": 404, "code": "not_found", "detail": f"no {path}"}
            answer = self.answers.get(path, missing)
            status = 404 if answer is missing else 200
            self._send(status, "application/json", json.dumps(answer).encode())
        else:
            file = STATIC / path.lstrip("/")
            file = file if file.is_file() else STATIC / "index.html"
            kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
            self._send(200, kinds.get(file.suffix, "text/html"), file.read_bytes())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.send_header("content-security-policy", CONTENT_SECURITY)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def site() -> Iterator[Callable[[Answers], str]]:
    """``site(answers)`` serves the built pages over these API answers and returns their address."""
    _needs_pages()
    servers = []
    over = threading.Event()

    def serve(answers: Answers) -> str:
        handler = functools.partial(_Canned, answers=answers, over=over)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield serve
    over.set()
    for server in servers:
        server.shutdown()
        server.server_close()


class Site(NamedTuple):
    """A running ``pomona up`` with a small life cycle in it."""

    url: str
    home: Path
    ids: dict[str, Any]  # what `orchard.py` made


@contextmanager
def running(home: Path) -> Iterator[str]:
    """The whole process tree on free ports; yields its address."""
    port, gateway = _free_port(), _free_port()
    command = [sys.executable, "-m", "pomona.cli.main", "up", "--home", str(home), "--no-auth"]
    ports = ["--no-browser", "--port", str(port), "--gateway-port", str(gateway)]
    with (home / "up.log").open("wb") as log:
        tree = subprocess.Popen([*command, *ports], stdout=log, stderr=log, start_new_session=True)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/api/v1/health", tree)
        yield url
    finally:
        tree.send_signal(signal.SIGINT)
        tree.wait(30)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_for(url: str, tree: "subprocess.Popen[bytes]", *, for_s: float = 60.0) -> None:
    end = time.monotonic() + for_s
    while time.monotonic() < end and tree.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(f"{url} does not answer")


def _needs_pages() -> None:
    if not (STATIC / "index.html").is_file():
        pytest.skip("the web UI is not built: python hatch_build.py")


@pytest.fixture(scope="session")
def orchard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A real server with one of everything. Shared: tests add, and change only what they added."""
    _needs_pages()
    home = tmp_path_factory.mktemp("orchard")
    with running(home) as url:
        script = Path(__file__).with_name("orchard.py")
        told = subprocess.run(
            [sys.executable, str(script), url, str(home)],
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert told.returncode == 0, told.stderr[-4000:]
        yield Site(url, home, json.loads(told.stdout.strip().splitlines()[-1]))


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real server in which nothing is yet."""
    _needs_pages()
    with running(tmp_path_factory.mktemp("bare")) as url:
        yield url


@pytest.fixture
def client(orchard: Site) -> Iterator[pomona.Client]:
    """What a program of the user's does at the same time, from outside of the browser."""
    with pomona.connect(orchard.url) as client:
        yield client


class Tab:
    """A page under watch: what it asked foreign hosts for, and what it complained about."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.page: Page = context.new_page()
        self.foreign: list[str] = []
        self.complaints: list[str] = []
        self._open: set[Any] = set()
        self.page.on("request", self._asked)
        self.page.on("requestfinished", self._came)
        self.page.on("requestfailed", self._came)
        self.page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _asked(self, request: Any) -> None:
        if not request.url.endswith("/events/stream"):  # which never ends
            self._open.add(request)
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.foreign.append(request.url)

    def _came(self, request: Any) -> None:
        self._open.discard(request)

    def open(self, path: str = "/") -> Page:
        """Go there and wait until the page has its heading."""
        self.page.goto(self.address + path)
        self.page.wait_for_selector("h1")
        return self.page

    def still(self) -> Page:
        """Wait until everything the page asked for has come, and was drawn."""
        quiet = 0
        while quiet < 2:
            self.page.wait_for_timeout(100)
            quiet = 0 if self._open else quiet + 1
        return self.page

    def axe(self, *rules: str) -> list[str]:
        """Serious and critical findings of axe-core (of these rules only), one line each."""
        if not self.page.evaluate("'axe' in window"):
            # Through the protocol, not a script tag: the page's own policy refuses inline scripts.
            self.page.evaluate(AXE.read_text())
        options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
        found = self.page.evaluate("options => axe.run(document, options)", options)
        return [
            f"{one['id']}: {node['target']} {node.get('failureSummary', '')}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Callable[..., Tab]]:
    """``tab(address, theme="dark", width=1440)`` opens a watched tab."""
    contexts = []

    def make(address: str, *, theme: str = "light", width: int = 1440, height: int = 900) -> Tab:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
        )
        contexts.append(context)
        return Tab(context, address)

    yield make
    for context in contexts:
        context.close()
