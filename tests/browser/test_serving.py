"""Stage 5 in a real browser over a real server: predictions, outcomes, the gateway and the money."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_predictions_are_filtered_by_the_server_and_the_link_keeps_it(
    tab: Callable[..., Any], orchard: Any
) -> None:
    page = tab(orchard.url).open("/serving/predictions?endpoint=pears")
    table = page.get_by_role("table", name="Predictions")
    table.get_by_text("champion").first.wait_for()
    page.get_by_role("radiogroup", name="Arm").get_by_text("Candidate").click()
    table.get_by_text("champion").first.wait_for(state="detached")
    page.get_by_role("textbox", name="About whom or what").fill("3/1")
    page.wait_for_url("**unit=3*")
    page.reload()
    assert "arm=candidate" in page.url
    page.get_by_role("textbox", name="About whom or what").fill("nobody")
    page.get_by_text("No prediction fits these filters").wait_for()


def test_a_prediction_shows_what_was_asked_answered_and_came_true(
    tab: Callable[..., Any], orchard: Any
) -> None:
    page = tab(orchard.url).open(f"/serving/predictions/{orchard.ids['prediction']}")
    page.get_by_role("heading", name="3/0").wait_for()
    page.get_by_role("region", name="What was asked").get_by_text("weight").wait_for()
    page.get_by_role("img", name="yes above 0.4").wait_for()
    page.get_by_role("region", name="What came true").get_by_text("told").wait_for()


def test_an_outcome_is_told_on_the_page_of_its_prediction(
    tab: Callable[..., Any], orchard: Any, client: Any
) -> None:
    still_open = next(client.predictions.list(endpoint="pears", matched=False, limit=1))
    page = tab(orchard.url).open("/serving/predictions?endpoint=pears&known=no")
    page.get_by_role("table", name="Predictions").get_by_role("row").nth(1).click()
    page.wait_for_url(f"**/serving/predictions/{still_open.id}")
    told = page.get_by_role("region", name="What came true")
    told.get_by_role("button", name="Yes").click()
    told.get_by_text("= 1").wait_for()
    page.get_by_text("the answer was").wait_for()
    client.settle(timeout_s=60)
    assert client.predictions.get(still_open.id).actual == 1


def test_an_outcome_of_an_unknown_prediction_is_kept_aside_and_shown(
    tab: Callable[..., Any], orchard: Any
) -> None:
    page = tab(orchard.url).open("/serving/outcomes")
    page.get_by_role("table", name="Waiting outcomes").get_by_text("prd_0000000000").wait_for()


def test_the_gateway_says_what_it_serves_and_how_it_is_asked(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open("/serving?endpoint=pears")
    now = page.get_by_role("region", name="The gateway now")
    now.get_by_text("live", exact=True).wait_for()
    now.get_by_role("link", name="pears v2").wait_for()
    page.get_by_role("figure", name="Predictions of pears per day").locator("canvas").wait_for()
    page.get_by_role("region", name="Try it").get_by_text("predict").first.wait_for()


def test_money_is_counted_by_period_and_version_beside_what_no_model_earns(
    tab: Callable[..., Any], orchard: Any
) -> None:
    page = tab(orchard.url).open("/serving?endpoint=pears")
    table = page.get_by_role("table", name="Money by period and version")
    table.get_by_role("columnheader", name="Without it").wait_for()
    table.get_by_role("link", name="pears v2").wait_for()
    page.get_by_role("figure", name="Money by month and version").wait_for()
    page.get_by_text("By day", exact=True).click()
    page.wait_for_url("**period=day*")
    page.reload()
    page.get_by_role("figure", name="Money by day and version").wait_for()


def test_predictions_and_outcomes_become_datasets_from_the_endpoint_s_page(
    tab: Callable[..., Any], orchard: Any
) -> None:
    page = tab(orchard.url).open(f"/releases/endpoints/{orchard.ids['endpoint']}")
    section = page.get_by_role("region", name="As datasets")
    table = section.get_by_role("table", name="Predictions and outcomes as datasets")
    table.get_by_text("predictions", exact=True).wait_for()
    section.get_by_role("button", name="Write now").click()
    page.get_by_role("dialog").get_by_text("pears-predictions@v1, pears-outcomes@v1").wait_for()
    page.keyboard.press("Escape")
    table.get_by_role("link", name="pears-outcomes").wait_for()
    table.get_by_role("link", name="pears-predictions").click()
    page.get_by_role("heading", name="pears-predictions").wait_for()
