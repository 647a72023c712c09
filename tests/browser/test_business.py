"""Stage 1 in a real browser over a real server: state a hypothesis, look at it, decide."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_hypothesis_is_stated_with_the_keyboard_alone_and_decided(
    tab: Callable[..., Any], bare: str
) -> None:
    page = tab(bare).open("/business")
    page.get_by_text("pomona hypothesis create").wait_for()
    page.get_by_role("link", name="State a hypothesis").focus()
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Name").fill("sweet-quinces")
    page.get_by_role("textbox", name="One prediction is about a").fill("quince")
    page.get_by_role("textbox", name="Statement").fill("If sweet quinces are sold raw, each earns more.")
    page.get_by_role("combobox", name="Metric").focus()
    page.keyboard.type("roc")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Baseline").fill("0.5")
    page.get_by_role("textbox", name="Target").fill("0.8")
    page.get_by_text("A yes pays when the chance is above 27.3 %").wait_for()
    page.get_by_role("button", name="State it").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/business/hyp_*")
    page.get_by_role("heading", name="sweet-quinces").wait_for()
    page.get_by_role("button", name="Decide").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Reason").fill("Nobody eats them raw.")
    dialog.get_by_text("Kill", exact=True).click()
    dialog.get_by_role("button", name="Kill it").click()
    page.get_by_text("Nobody eats them raw.").wait_for()
    page.get_by_text("killed").first.wait_for()


def test_nothing_is_typed_into_a_choice_that_has_not_come_yet(tab: Callable[..., Any], bare: str) -> None:
    page = tab(bare).open("/business")
    held: list[Any] = []
    page.route("**/api/v1/metrics", lambda route: held.append(route))
    page.get_by_role("link", name="State a hypothesis").click()
    page.get_by_role("textbox", name="Name").fill("slow-quinces")
    page.get_by_role("status", name="Loading").wait_for()
    assert page.get_by_role("combobox", name="Metric").count() == 0
    held[0].continue_()
    metric = page.get_by_role("combobox", name="Metric")
    metric.focus()
    page.keyboard.type("roc")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Baseline").fill("0.5")
    assert metric.input_value() == "roc auc"
    assert page.get_by_role("textbox", name="Name").input_value() == "slow-quinces"


def test_what_the_server_refuses_is_said_at_its_field(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open("/business/new")
    page.get_by_role("textbox", name="Name").fill("keeping-pears")
    page.get_by_role("textbox", name="Statement").fill("If this is stated twice, then it is refused.")
    page.get_by_role("combobox", name="Metric").click()
    page.get_by_role("option", name="roc auc").click()
    page.get_by_role("textbox", name="Baseline").fill("0.9")
    page.get_by_role("textbox", name="Target").fill("0.8")
    page.get_by_role("button", name="State it").click()
    page.get_by_text("the target 0.8 is no better than the baseline 0.9").wait_for()
    page.get_by_role("textbox", name="Target").fill("0.95")
    page.get_by_role("button", name="State it").click()
    page.get_by_text("a hypothesis with name 'keeping-pears' exists already").wait_for()


def test_its_page_shows_the_way_to_the_target_and_the_runs(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open(f"/business/{orchard.ids['hypothesis']}")
    page.get_by_role("figure", name="roc_auc between baseline and target").get_by_text("best run").wait_for()
    page.get_by_role("table", name="Runs").get_by_role("link", name="strong").click()
    page.wait_for_url(f"**/training/runs/{orchard.ids['runs']['strong']}")
