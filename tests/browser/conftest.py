"""A real Chromium, and a server of the built pages whose API answers are canned."""

import functools
import http.server
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

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


@pytest.fixture(scope="session")
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
    if not (STATIC / "index.html").is_file():
        pytest.skip("the web UI is not built: python hatch_build.py")
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


class Tab:
    """A page under watch: what it asked foreign hosts for, and what it complained about."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.page: Page = context.new_page()
        self.foreign: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", self._asked)
        self.page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.foreign.append(request.url)

    def open(self, path: str = "/") -> Page:
        """Go there and wait until the page has its heading."""
        self.page.goto(self.address + path)
        self.page.wait_for_selector("h1")
        return self.page

    def axe(self) -> list[str]:
        """Serious and critical findings of axe-core, one line each."""
        # Through the protocol, not a script tag: the page's own policy refuses inline scripts.
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
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
