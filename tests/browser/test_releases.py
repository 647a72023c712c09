"""Stage 4 in a real browser over a real server: an endpoint, a canary, and its end by hand."""

from collections.abc import Callable
from typing import Any

import pytest

import pomona

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def cellar(orchard: Any) -> str:
    """A model of these tests' own: its first version may serve, its second did not pass the gate."""
    with pomona.connect(orchard.url) as client:
        for name in ("weak", "strong"):
            version = client.models.register("cellar", run_id=orchard.ids["runs"][name])
            client.models.check_gate("cellar", version.number)
            if version.number == 1:
                client.models.set_alias("cellar", "champion", 1)
    return "cellar"


def release(page: Any, version: str, reason: str, *, way: str | None = None) -> Any:
    """Fill the dialog that releases a version; the caller sends it."""
    page.get_by_role("button", name="Release a version").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Version of cellar").click()
    page.get_by_role("option", name=version).click()
    if way is not None:
        dialog.get_by_text(way, exact=True).click()
    dialog.get_by_role("textbox", name="Reason").fill(reason)
    return dialog


def test_an_endpoint_is_created_and_its_first_version_serves(
    tab: Callable[..., Any], orchard: Any, cellar: str
) -> None:
    page = tab(orchard.url).open("/releases")
    page.get_by_role("link", name="Create an endpoint").click()
    page.get_by_role("textbox", name="Name").fill("cellar")
    page.get_by_role("combobox", name="Model").fill(cellar)
    page.get_by_role("option", name=cellar).click()
    page.get_by_role("combobox", name="Hypothesis").click()
    page.get_by_role("option", name="keeping-pears").click()
    page.get_by_role("button", name="Create it").click()
    page.wait_for_url("**/releases/endpoints/end_*")
    page.get_by_text("Nothing serves here yet").wait_for()
    release(page, "v1", "Somebody has to begin.").get_by_role("button", name="Serve it").click()
    page.wait_for_url("**/releases/rel_*")
    page.get_by_role("heading", name="v1 on cellar").wait_for()
    page.get_by_text("Somebody has to begin.").wait_for()


def test_a_name_that_cannot_be_is_explained_at_its_field(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open("/releases/new")
    page.get_by_role("textbox", name="Name").fill("Old Cellar")
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name="pears").click()
    page.get_by_role("button", name="Create it").click()
    page.get_by_text("'Old Cellar' is not a name").wait_for()


def test_a_version_that_its_gate_refused_serves_only_by_force(
    tab: Callable[..., Any], orchard: Any, cellar: str
) -> None:
    page = tab(orchard.url).open(f"/releases/endpoints/{cellar}")
    dialog = release(page, "v2", "It is newer.", way="At once")
    dialog.get_by_role("button", name="Serve it").click()
    dialog.get_by_role("alert").get_by_text("gate").first.wait_for()
    dialog.get_by_role("textbox", name="Release it past its gate, because").fill("I know better.")
    dialog.get_by_role("button", name="Force it").wait_for()
    dialog.get_by_role("button", name="Not now").click()
    dialog.wait_for(state="detached")


@pytest.mark.parametrize(("button", "state"), [("Roll back", "rolled back"), ("Promote", "promoted")])
def test_a_canary_is_started_and_ended_by_hand(
    tab: Callable[..., Any], orchard: Any, cellar: str, button: str, state: str
) -> None:
    page = tab(orchard.url).open(f"/releases/endpoints/{cellar}")
    dialog = release(page, "v2", "Does it earn more?")
    dialog.get_by_role("textbox", name="Share of units").fill("30")
    dialog.get_by_role("button", name="Start the canary").click()
    page.get_by_role("heading", name="Canary of v2 on cellar").wait_for()
    page.get_by_role("article", name="candidate").get_by_text("30 % of units").wait_for()
    page.get_by_role("button", name=button).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Reason").fill("I have seen enough.")
    dialog.get_by_role("button", name=button).click()
    page.get_by_text(state, exact=True).first.wait_for()
    page.get_by_role("table", name="Verdicts").get_by_text("I have seen enough.").wait_for()
    page.get_by_role("navigation", name="Where this page stands").get_by_role("link", name=cellar).click()
    serves = page.get_by_role("region", name="Serves now")
    serves.get_by_role("link", name=f"cellar v{2 if button == 'Promote' else 1}").wait_for()


def test_a_canary_shows_both_arms_and_how_its_verdict_came_about(
    tab: Callable[..., Any], orchard: Any
) -> None:
    page = tab(orchard.url).open("/releases/all")
    page.get_by_role("table", name="Releases").get_by_role("link", name="canary").first.wait_for()
    page.goto(f"{orchard.url}/releases/{orchard.ids['canary']}")
    for arm in ("champion", "candidate"):
        page.get_by_role("article", name=arm).get_by_text("Money per prediction").wait_for()
    page.get_by_role("figure", name="Difference of candidate and champion").locator("canvas").wait_for()
    page.get_by_role("table", name="Verdicts").get_by_text("go on").first.wait_for()
    page.get_by_text("Fixed when it started").wait_for()
