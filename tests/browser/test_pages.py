"""Every page over real data: accessible and quiet in both themes, and no foreign host is asked."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.browser.conftest import Tab

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
FULL = [
    "/",
    "/events",
    "/trace",
    "/trace/{prediction}",
    "/business",
    "/business/new",
    "/business/{hypothesis}",
    "/data",
    "/data/new",
    "/data/sources/new",
    "/data/{dataset}",
    "/data/versions/{good}",
    "/data/versions/{bad}?tab=checks",
    "/data/versions/{good}?tab=rows",
    "/data/versions/{good}?tab=about",
    "/training",
    "/training/runs/{runs[strong]}",
    "/training/runs/{runs[unversioned]}",
    "/training/compare?runs={runs[weak]},{runs[strong]}",
    "/training/entries",
    "/training/entries/{entry}",
    "/registry",
    "/registry/pears",
    "/registry/versions/{versions[0]}",
    "/releases",
    "/releases/all",
    "/releases/new",
    "/releases/endpoints/{endpoint}",
    "/releases/{first}",
    "/releases/{canary}",
    "/serving",
    "/serving?period=day",
    "/serving/predictions",
    "/serving/predictions/{prediction}",
    "/serving/outcomes",
    "/monitoring",
    "/monitoring/new",
    "/monitoring/{monitor}",
    "/monitoring/incidents",
    "/monitoring/incidents/{incident}",
    "/monitoring/windows/{windows[drift_alarm]}",
    "/monitoring/windows/{windows[quality_ok]}",
    "/loop",
    "/loop/reactions/{reactions[fired]}",
    "/loop/reactions/{reactions[held]}",
    "/loop/triggers",
    "/loop/triggers/new",
    "/loop/triggers/{triggers[hears]}",
    "/loop/jobs",
    "/loop/jobs/{job}",
]
EMPTY = {
    "/data/sources": "No source yet",
    "/data/erasures": "Nothing was ever erased",
    "/training": "No run yet",
    "/training/entries": "No training entry yet",
    "/training/imports": "Nothing was taken over yet",
    "/registry": "pomona models register",
    "/registry/prompts": "No prompt yet",
    "/registry/webhooks": "No webhook yet",
    "/releases": "No endpoint yet",
    "/releases/all": "Nothing was released yet",
    "/serving": "No endpoint to ask yet",
    "/serving/predictions": "Nobody asked yet",
    "/serving/outcomes": "Every outcome found its prediction",
    "/monitoring": "Nothing is watched yet",
    "/monitoring/incidents": "Nothing was wrong so far",
    "/loop": "Nothing to react to yet",
    "/loop/triggers": "No trigger yet",
    "/loop/jobs": "No work was queued yet",
    "/trace": "Nothing was predicted yet",
}


@pytest.fixture(scope="module")
def reader(chromium: Any) -> Iterator[Tab]:
    """One tab that walks through all pages."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    yield Tab(context, "")
    context.close()


@pytest.mark.parametrize("path", FULL)
def test_a_page_is_accessible_quiet_and_asks_no_foreign_host(reader: Tab, orchard: Any, path: str) -> None:
    _look(reader, orchard.url, path.format(**orchard.ids))
    _sound(reader)


@pytest.mark.parametrize(("path", "says"), EMPTY.items())
def test_an_empty_list_says_how_to_begin(reader: Tab, bare: str, path: str, says: str) -> None:
    _look(reader, bare, path).get_by_text(says).first.wait_for()
    _sound(reader)


def _look(it: Tab, address: str, path: str) -> Any:
    it.page.goto("about:blank")  # what the page before still asked for is not counted here
    it.address, it.foreign, it.complaints = address, [], []
    it.page.emulate_media(color_scheme="light")
    return it.open(path)


def _sound(it: Tab) -> None:
    """In the light theme, and in the dark one, to which the page turns with the machine's."""
    it.still()
    assert it.axe() == []
    it.page.emulate_media(color_scheme="dark")
    it.page.locator("html[data-mantine-color-scheme=dark]").wait_for(state="attached")
    it.still()
    assert it.axe("color-contrast") == []  # the rest is the same in every colour
    assert it.page.get_by_role("button", name="Try again").count() == 0
    assert it.foreign == []
    assert it.complaints == []
