"""Training in a real browser over a real server: find a run, look into it, run an entry."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_runs_are_filtered_and_sorted_by_the_server_and_the_link_keeps_it(
    tab: Callable[..., Any], orchard: Any
) -> None:
    page = tab(orchard.url).open("/training")
    table = page.get_by_role("table", name="Runs")
    table.get_by_role("link", name="unversioned").wait_for()
    page.get_by_role("textbox", name="Filter").fill("metrics.test_roc_auc > 0 and params.C = '1.0'")
    page.keyboard.press("Enter")
    page.wait_for_url("**filter=*")
    table.get_by_role("link", name="unversioned").wait_for(state="detached")
    page.reload()
    table.get_by_role("link", name="strong").wait_for()
    assert not table.get_by_role("link", name="weak").is_visible()
    page.get_by_role("button", name="Clear the filter").click()
    table.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**sort=*")
    table.get_by_role("row").nth(1).get_by_role("link", name="weak").wait_for()


def test_a_filter_that_cannot_be_read_is_explained(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open("/training")
    page.get_by_role("textbox", name="Filter").fill("colour = 'red'")
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text("colour").wait_for()


def test_a_run_shows_curve_file_data_and_model(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open(f"/training/runs/{orchard.ids['runs']['strong']}")
    page.get_by_role("figure", name="loss by step").locator("canvas").wait_for()
    page.get_by_role("button", name="tables/trees.csv").click()
    page.get_by_role("region", name="tables/trees.csv").get_by_role("cell", name="north").wait_for()
    page.get_by_role("link", name="orchard/pears@v1").first.wait_for()
    page.get_by_role("link", name="pears v2").first.click()
    page.wait_for_url(f"**/registry/versions/{orchard.ids['versions'][1]}")


def test_a_failed_run_shows_its_traceback_and_how_to_version_its_data(
    tab: Callable[..., Any], orchard: Any
) -> None:
    page = tab(orchard.url).open(f"/training/runs/{orchard.ids['runs']['unversioned']}")
    page.get_by_role("region", name="Traceback").get_by_text("a pear is NaN").wait_for()
    page.get_by_text("unversioned", exact=True).last.wait_for()
    page.get_by_text("client.data.commit").wait_for()


def test_an_entry_is_trained_on_a_click(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open(f"/training/entries/{orchard.ids['entry']}")
    page.get_by_role("region", name="train.py").get_by_text("pomona.training_data()").wait_for()
    page.get_by_role("button", name="Run it now").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="depth").fill("8")
    dialog.get_by_role("button", name="Run it").click()
    page.wait_for_url("**/loop/jobs/job_*")
    page.goto(f"{orchard.url}/training/entries/{orchard.ids['entry']}")
    # The worker needs a moment; the page learns of the run by itself.
    deep = page.get_by_role("row").filter(has=page.get_by_role("cell", name="8", exact=True))
    deep.get_by_text("finished").wait_for(timeout=120_000)
