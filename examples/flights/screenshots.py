"""Pictures of the web pages, taken from a running demo by Chromium.

    scripts/screenshots              # the manual's pictures, into docs/images
    scripts/screenshots --all DIR    # every kind of page in both themes, to look at

Prints what a page complained about or asked a foreign host for, and exits with 1 then.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from project import DATASET, NAME

import pomona

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "images"
WIDTH, HEIGHT = 1440, 900
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@dataclass(frozen=True, kw_only=True)
class Shot:
    """A page under the name of its picture; ``manual`` ones stand in the docs."""

    name: str
    path: str
    manual: bool = False


@dataclass
class Watch:
    """What pages did that they should not."""

    address: str
    complaints: list[str] = field(default_factory=list)

    def over(self, page: Page) -> Page:
        """The same page, listened to."""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("request", self._asked)
        return page

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.page.url}: {message.text}")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.complaints.append(f"asked a foreign host: {request.url}")


def main(arguments: list[str] | None = None) -> int:
    """Take them; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, default=Path(".pomona-demo"), help="the demo's home")
    parser.add_argument("--all", type=Path, metavar="DIR", help="every kind of page in both themes, into DIR")
    parser.add_argument("--only", default="", metavar="TEXT", help="only pages whose name holds this text")
    given = parser.parse_args(arguments)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        parser.error("no Chromium on this machine: install the package chromium")
    with pomona.connect(home=given.home) as client, sync_playwright() as playwright:
        if not client.address.startswith("http"):
            parser.error(f"no server runs from {given.home}; start scripts/demo first")
        wanted = [shot for shot in shots(client) if given.only in shot.name]
        watch = Watch(client.address)
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        if given.all:
            for theme in ("light", "dark"):
                take(browser, client, watch, wanted, given.all, theme=theme, keep=lambda body: body)
        else:
            manual = [shot for shot in wanted if shot.manual]
            take(browser, client, watch, manual, MANUAL, theme="light", keep=quantised)
        browser.close()
    for complaint in watch.complaints:
        print(complaint, file=sys.stderr)
    return 1 if watch.complaints else 0


def shots(client: pomona.Client) -> Iterator[Shot]:
    """Every kind of page there is, each with the record that shows most."""
    hypothesis = client.hypotheses.get(NAME)
    yield Shot(name="circle", path="/", manual=True)
    yield Shot(name="events", path="/events")
    yield Shot(name="business-list", path="/business")
    yield Shot(name="business", path=f"/business/{hypothesis.id}", manual=True)
    yield from _some("business-decision", "/business/decisions/", client.hypotheses.decisions(NAME))
    yield Shot(name="business-new", path="/business/new")
    yield from _data(client)
    yield from _models(client)
    yield from _live(client)
    yield from _loop(client)
    answered = list(client.predictions.list(endpoint=NAME, matched=True, limit=400))
    told = next((one for one in answered if one.decision and one.actual), answered[0])
    yield Shot(name="serving-prediction", path=f"/serving/predictions/{told.id}")
    yield Shot(name="trace", path=f"/trace/{told.id}", manual=True)
    yield Shot(name="trace-start", path="/trace")
    yield Shot(name="no-such-page", path="/nothing/here")


def _data(client: pomona.Client) -> Iterator[Shot]:
    newest = client.data.version(DATASET)
    yield Shot(name="data-list", path="/data")
    yield Shot(name="data-set", path=f"/data/{DATASET}")
    yield Shot(name="data", path=f"/data/versions/{newest.id}", manual=True)
    yield Shot(name="data-new", path="/data/new")


def _models(client: pomona.Client) -> Iterator[Shot]:
    champion = client.models.version(f"{NAME}@champion").version
    yield Shot(name="training-runs", path="/training")
    yield Shot(name="training", path=f"/training/runs/{champion.run_id}", manual=True)
    yield Shot(name="training-entries", path="/training/entries")
    yield Shot(name="training-entry", path=f"/training/entries/{NAME}")
    yield Shot(name="registry-list", path="/registry")
    yield Shot(name="registry", path=f"/registry/{NAME}", manual=True)
    yield Shot(name="registry-version", path=f"/registry/versions/{champion.id}")


def _live(client: pomona.Client) -> Iterator[Shot]:
    releases = list(client.releases.list(endpoint=NAME))
    yield Shot(name="releases-endpoints", path="/releases")
    yield Shot(name="releases-all", path="/releases/all")
    yield Shot(name="releases-endpoint", path=f"/releases/endpoints/{NAME}")
    canaries = [release for release in releases if release.candidate is not None]
    yield from _some("releases", "/releases/", canaries, manual=True)
    rolled_back = [release for release in canaries if release.state == "rolled_back"]
    yield from _some("releases-rolled-back", "/releases/", rolled_back)
    yield Shot(name="releases-new", path="/releases/new")
    yield Shot(name="serving", path="/serving", manual=True)
    yield Shot(name="serving-predictions", path="/serving/predictions")
    yield Shot(name="serving-outcomes", path="/serving/outcomes")
    windows = list(client.monitors.windows(endpoint=NAME))
    yield Shot(name="monitoring-list", path="/monitoring")
    yield Shot(name="monitoring", path=f"/monitoring/{NAME}", manual=True)
    for kind in ("drift", "quality"):
        alarming = [one for one in windows if one.kind == kind and one.state == "alarm"]
        yield from _some(f"monitoring-window-{kind}", "/monitoring/windows/", alarming)
    yield Shot(name="monitoring-incidents", path="/monitoring/incidents")
    yield from _some("monitoring-incident", "/monitoring/incidents/", client.incidents.list(endpoint=NAME))
    yield Shot(name="monitoring-new", path="/monitoring/new")


def _loop(client: pomona.Client) -> Iterator[Shot]:
    reactions = list(client.loop.reactions(endpoint=NAME))
    fired = [reaction for reaction in reactions if reaction.fired and reaction.job]
    yield Shot(name="loop", path="/loop", manual=True)
    yield from _some("loop-reaction", "/loop/reactions/", fired)
    yield from _some("loop-not-fired", "/loop/reactions/", [one for one in reactions if not one.fired])
    yield Shot(name="loop-triggers", path="/loop/triggers")
    yield from _some("loop-trigger", "/loop/triggers/", client.loop.triggers(endpoint=NAME))
    yield Shot(name="loop-trigger-new", path="/loop/triggers/new")
    yield Shot(name="loop-jobs", path="/loop/jobs")
    for reaction in fired[:1]:
        yield Shot(name="loop-job", path=f"/loop/jobs/{reaction.job}")


def _some(name: str, folder: str, records: Iterable[Any], *, manual: bool = False) -> Iterator[Shot]:
    """The page of the first of these records, if there is one."""
    for record in records:
        yield Shot(name=name, path=f"{folder}{record.id}", manual=manual)
        return


def take(
    browser: Browser,
    client: pomona.Client,
    watch: Watch,
    wanted: list[Shot],
    folder: Path,
    *,
    theme: str,
    keep: Callable[[bytes], bytes],
) -> None:
    """Open each page as a person who logged in, and keep its picture."""
    folder.mkdir(parents=True, exist_ok=True)
    context: BrowserContext = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT},
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        timezone_id="America/New_York",
        locale="en-US",
    )
    page = watch.over(context.new_page())
    page.goto(client.login_link())
    for shot in wanted:
        began = time.monotonic()
        page.goto(f"{client.address}{shot.path}")
        page.wait_for_selector("h1")
        expect(page.locator("[aria-busy=true], .mantine-Skeleton-root")).to_have_count(0, timeout=15_000)
        shown = time.monotonic() - began
        page.wait_for_timeout(400)  # charts draw themselves after their data is there
        name = f"{shot.name}.png" if folder == MANUAL else f"{shot.name}-{theme}.png"
        body = keep(page.screenshot(animations="disabled"))
        (folder / name).write_bytes(body)
        print(f"{name}  {len(body) / 1000:.0f} kB  shown after {shown:.1f} s")
    context.close()


def quantised(png: bytes) -> bytes:
    """The same picture in 256 colours: a third of the bytes, and no difference that an eye sees."""
    small = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(colors=256, dither=Image.Dither.NONE).save(
            small, "PNG", optimize=True
        )
    return small.getvalue()


if __name__ == "__main__":
    sys.exit(main())
