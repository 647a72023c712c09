"""Training in a real browser over a real server: find a run, look into it, run an entry."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_runs_are_filtered_and_sorted_by_the_server_and_the_link_keeps_it(
    tab: Callable[..., Any], orchard: Any
) -> None:
    page = tab(orchard.url).open("/training")
    table = page.get_by_role("table", name="Runs")
    table.get_by_role("link", name="unversioned").wait_for()
    page.get_by_role("combobox", name="Filter").fill("metrics.test_roc_auc > 0 and params.C = '1.0'")
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


def test_the_filter_is_completed_from_what_runs_have_and_a_cell_adds_to_it(
    tab: Callable[..., Any], orchard: Any
) -> None:
    page = tab(orchard.url).open("/training")
    box = page.get_by_role("combobox", name="Filter")
    box.press_sequentially("params.")
    page.get_by_role("option", name="params.C", exact=True).click()
    box.press_sequentially("= ")
    page.get_by_role("option", name="'0.001'").click()
    box.press("Enter")
    table = page.get_by_role("table", name="Runs")
    table.get_by_role("link", name="strong").wait_for(state="detached")
    table.get_by_role("link", name="weak").wait_for()
    cell = table.get_by_role("cell", name="finished")
    cell.hover()
    cell.get_by_role("button", name="Only attributes.status = 'FINISHED'").click()
    page.wait_for_url("**attributes.status**")
    expect(box).to_have_value("params.C = '0.001' and attributes.status = 'FINISHED'")


def test_columns_that_the_reader_chose_stand_in_the_link_and_are_remembered(
    tab: Callable[..., Any], orchard: Any
) -> None:
    watched = tab(orchard.url)
    page = watched.open("/training?filter=params.C+IS+NOT+NULL")
    page.get_by_role("button", name="Choose columns").click()
    page.get_by_role("checkbox", name="Took").uncheck()
    page.get_by_role("button", name="Pin C", exact=True).click()
    page.keyboard.press("Escape")
    page.wait_for_url("**cols=*")
    page.goto(f"{orchard.url}/training")
    heads = page.get_by_role("columnheader")
    page.get_by_role("columnheader", name="C", exact=True).wait_for()
    assert heads.nth(2).inner_text() == "C"  # after the ticks and the name
    assert page.get_by_role("columnheader", name="Took").count() == 0
    assert watched.axe() == []


def test_chosen_runs_are_tagged_and_compared(tab: Callable[..., Any], orchard: Any) -> None:
    watched = tab(orchard.url)
    page = watched.open("/training?filter=params.C+IS+NOT+NULL&sort=attributes.run_name")
    table = page.get_by_role("table", name="Runs")
    for name in ("strong", "weak"):
        row = table.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))
        row.get_by_role("checkbox").check()
    page.get_by_role("button", name="Tag").click()
    page.get_by_role("textbox", name="Tag").fill("harvest")
    page.get_by_role("textbox", name="Value").fill("first")
    page.get_by_role("button", name="Set it").click()
    page.get_by_role("toolbar").wait_for(state="detached")
    page.goto(f"{orchard.url}/training?filter=tags.harvest+%3D+%27first%27")
    page.get_by_role("checkbox", name="Choose all that are loaded").check()
    page.get_by_role("link", name="Compare").click()
    page.get_by_role("heading", name="2 runs compared").wait_for()
    page.get_by_role("figure", name="loss of 2 runs").locator("canvas").wait_for()
    page.get_by_role("tab", name="Parallel").click()
    picture = page.get_by_role("figure", name="Parallel coordinates of 2 runs")
    axis = picture.locator("[data-axis='param:C']").bounding_box()
    assert axis is not None
    page.mouse.move(axis["x"] + 12, axis["y"] + 2)  # from the top, where C = 1.0 stands
    page.mouse.down()
    page.mouse.move(axis["x"] + 12, axis["y"] + axis["height"] / 2, steps=3)
    page.mouse.up()
    page.get_by_text("1 of 2 runs are inside").wait_for()
    page.wait_for_url("**brush=*")
    page.get_by_role("tab", name="Importance").click()
    page.get_by_text("effect size").wait_for()
    assert watched.axe() == []
    assert watched.foreign == []


def test_a_view_is_kept_for_others(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open("/training?filter=params.C+%3D+%271.0%27")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("textbox", name="Keep this view as").fill("strong ones")
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_role("link", name="strong ones").wait_for()
    other = tab(orchard.url).open("/training")
    other.get_by_role("button", name="Views").click()
    other.get_by_role("link", name="strong ones").click()
    other.wait_for_url("**filter=*")
    other.get_by_role("table", name="Runs").get_by_role("link", name="weak").wait_for(state="detached")


def test_a_filter_that_cannot_be_read_is_explained(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open("/training")
    page.get_by_role("table", name="Runs").get_by_role("link", name="weak").wait_for()
    page.get_by_role("combobox", name="Filter").fill("colour = 'red'")
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text("colour").wait_for()
    page.get_by_role("table", name="Runs").get_by_role("link", name="weak").wait_for()  # it stays as it was


def test_a_run_shows_curve_file_data_and_model(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open(f"/training/runs/{orchard.ids['runs']['strong']}")
    page.get_by_role("figure", name="loss by step").locator("canvas").wait_for()
    page.get_by_role("button", name="tables/trees.csv").click()
    page.get_by_role("region", name="tables/trees.csv").get_by_role("cell", name="north").wait_for()
    page.get_by_role("button", name="Write a note").click()
    page.get_by_role("textbox", name="Note").fill("It **keeps** <b>well</b>")
    page.get_by_role("button", name="Keep it").click()
    page.locator("strong", has_text="keeps").wait_for()
    page.get_by_text("<b>well</b>").wait_for()
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
