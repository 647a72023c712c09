"""Stage 6 in a real browser over a real server: a monitor, what a window says, an incident's whole life."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
FIRST = datetime(2026, 3, 1, tzinfo=UTC)


def pears_come(client: Any, endpoint: str, day: int, *, weight: float) -> None:
    """Two days of pears around this weight, spread as those the model learned from."""
    rows = [{"weight": weight + (number % 20 - 9.5) * 5} for number in range(100)]
    at = [FIRST + timedelta(days=day, minutes=28 * number) for number in range(100)]
    client.predict(endpoint, rows, at=at, ids=[f"{day}/{number}" for number in range(100)])
    client.settle(timeout_s=60)


def test_a_monitor_is_created_and_an_incident_opens_is_seen_and_closes(
    tab: Callable[..., Any], orchard: Any, client: Any
) -> None:
    client.endpoints.create("watched", model="pears", hypothesis="keeping-pears")
    client.releases.start("watched", "pears/1", strategy="champion", reason="to be watched")
    client.settle(timeout_s=60)
    page = tab(orchard.url).open("/monitoring")
    page.get_by_role("link", name="Watch an endpoint").click()
    page.get_by_role("combobox", name="Endpoint").click()
    page.get_by_role("option", name="watched").click()
    page.get_by_role("textbox", name="Length of a window").fill("2")
    page.get_by_role("textbox", name="Judge windows from").fill("40")
    page.get_by_role("textbox", name="Drift beyond noise of").fill("1")
    page.get_by_role("button", name="Watch it").click()
    page.wait_for_url("**/monitoring/mon_*")
    page.get_by_text("No window has passed yet").wait_for()

    pears_come(client, "watched", 0, weight=400)
    pears_come(client, "watched", 2, weight=180)
    page.get_by_text("1 open incident").wait_for()  # the page learns of it by itself
    page.get_by_role("table", name="Incidents").get_by_role("link", name="drift").click()
    page.wait_for_url("**/monitoring/incidents/inc_*")
    page.get_by_text("No trigger listens to drift here").wait_for()
    page.get_by_role("button", name="Acknowledge").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Note").fill("The scales were wrong.")
    dialog.get_by_role("button", name="Acknowledge").click()
    dialog.wait_for(state="detached")
    page.get_by_text("The scales were wrong.").wait_for()
    page.get_by_role("button", name="Acknowledge").wait_for(state="detached")

    pears_come(client, "watched", 4, weight=180)
    page.get_by_text("closed", exact=True).first.wait_for()


def test_a_window_shows_how_far_each_column_moved(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open(f"/monitoring/{orchard.ids['monitor']}")
    drift = page.get_by_role("group", name="Drift by window")
    drift.get_by_role("link", name="alarm").first.click()
    page.wait_for_url(f"**/monitoring/windows/{orchard.ids['windows']['drift_alarm']}")
    page.get_by_role("heading", name="Drift, ").wait_for()
    page.get_by_text("columns moved away from the training data").first.wait_for()
    page.get_by_role("img", name="weight: training data and window").wait_for()
    page.get_by_text("beyond noise, alarms at").first.wait_for()
    page.get_by_role("link", name="Before").click()
    page.wait_for_url(f"**/monitoring/windows/{orchard.ids['windows']['drift_ok']}")
    page.get_by_role("link", name="After").wait_for()


def test_a_window_of_quality_says_what_was_reached_and_what_it_earned(
    tab: Callable[..., Any], orchard: Any
) -> None:
    page = tab(orchard.url).open(f"/monitoring/windows/{orchard.ids['windows']['quality_ok']}")
    page.get_by_text("must reach 0.6").first.wait_for()
    page.get_by_text("Money per prediction").wait_for()


def test_incidents_are_filtered_and_lead_to_what_the_loop_made_of_them(
    tab: Callable[..., Any], orchard: Any
) -> None:
    page = tab(orchard.url).open("/monitoring/incidents?endpoint=pears")
    page.get_by_role("radiogroup", name="State").get_by_text("Open").click()
    page.get_by_role("table", name="Incidents").get_by_role("link", name="drift").click()
    page.wait_for_url(f"**/monitoring/incidents/{orchard.ids['incident']}")
    reactions = page.get_by_role("region", name="What the loop did about it")
    reactions.get_by_text("held back").wait_for()
    reactions.get_by_role("link", name="on-drift").click()
    page.wait_for_url(f"**/loop/reactions/{orchard.ids['reactions']['held']}")
