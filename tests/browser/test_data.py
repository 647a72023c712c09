"""Stage 2 in a real browser over a real server: declare, commit a file, check, look at the columns."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_dataset_is_created_and_a_file_committed(
    tab: Callable[..., Any], bare: str, tmp_path: Path
) -> None:
    file = tmp_path / "medlars.csv"
    file.write_text("id,weight\n1,30\n2,35\n3,28\n")
    page = tab(bare).open("/data")
    page.get_by_text("pomona data create").wait_for()
    page.get_by_role("link", name="Create a dataset").click()
    page.get_by_role("textbox", name="Name").fill("medlars")
    page.get_by_role("combobox", name="Key").fill("id")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Create it").click()
    page.wait_for_url("**/data/dat_*")
    page.get_by_role("button", name="Commit a file").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(file)
    dialog.get_by_text("medlars.csv, 25 B").wait_for()
    dialog.get_by_role("textbox", name="Note").fill("first")
    dialog.get_by_role("button", name="Commit it").click()
    page.wait_for_url("**/data/versions/ver_*")
    page.get_by_role("heading", name="medlars@v1").wait_for()
    page.get_by_role("img", name="Distribution of weight").wait_for()


def test_a_file_that_breaks_a_rule_is_refused_with_the_reason(
    tab: Callable[..., Any], orchard: Any, tmp_path: Path
) -> None:
    file = tmp_path / "pears.csv"
    file.write_text("tree,weight\nnorth,30\n")  # without the key
    page = tab(orchard.url).open(f"/data/{orchard.ids['dataset']}")
    page.get_by_role("button", name="Commit a file").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(file)
    dialog.get_by_role("button", name="Commit it").click()
    dialog.get_by_role("alert").get_by_text("pear").first.wait_for()
    assert "/data/dat_" in page.url


def test_a_failing_version_says_what_is_wrong_and_shows_the_rows(
    tab: Callable[..., Any], orchard: Any
) -> None:
    page = tab(orchard.url).open(f"/data/{orchard.ids['dataset']}")
    page.get_by_role("table", name="Versions").get_by_role("link", name="v2").click()
    page.get_by_text("This version fails its checks").wait_for()
    page.get_by_role("button", name="Look at the rows").click()
    page.wait_for_url("**?tab=checks")
    rows = page.get_by_role("region", name="Rows that break: tree is one of north, south, wall")
    rows.get_by_text("moon").first.wait_for()


def test_a_check_is_added_and_run_on_a_version(tab: Callable[..., Any], bare: str, tmp_path: Path) -> None:
    file = tmp_path / "figs.csv"
    file.write_text("id,weight\n1,30\n2,-5\n")
    page = tab(bare).open("/data/new")
    page.get_by_role("textbox", name="Name").fill("figs")
    page.get_by_role("button", name="Create it").click()
    page.wait_for_url("**/data/dat_*")
    page.get_by_role("button", name="Commit a file").click()
    page.get_by_role("dialog").locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Commit it").click()
    page.wait_for_url("**/data/versions/ver_*")
    page.get_by_role("navigation", name="Where this page stands").get_by_role("link", name="figs").click()
    page.get_by_role("button", name="Add checks").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Another check").click()
    dialog.get_by_role("combobox", name="Must be").click()
    page.get_by_role("option", name="within a range").click()
    dialog.get_by_role("combobox", name="Column").fill("weight")
    dialog.get_by_role("textbox", name="At least").fill("0")
    dialog.get_by_role("button", name="Save the checks").click()
    page.get_by_text("weight lies at or above 0").wait_for()
    page.get_by_role("table", name="Versions").get_by_role("link", name="v1").click()
    page.get_by_role("button", name="Run the checks again").click()
    page.get_by_text("This version fails its checks").wait_for()


def test_two_versions_stand_side_by_side(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open(f"/data/{orchard.ids['dataset']}")
    page.get_by_role("table", name="Versions").get_by_role("link", name="v2").click()
    page.get_by_role("link", name="What changed").click()
    page.get_by_role("link", name="Only the columns").click()
    page.wait_for_url("**/data/compare?*")
    page.get_by_role("heading", name="Two versions side by side").wait_for()
    page.get_by_role("figure", name="tree in both versions").wait_for()


def test_what_changed_is_told_row_by_row(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open(f"/data/{orchard.ids['dataset']}")
    page.get_by_role("table", name="Versions").get_by_role("link", name="v2").click()
    page.get_by_role("link", name="What changed").click()
    page.wait_for_url("**/data/diff?*")
    page.get_by_role("region", name="rows", exact=False).first.wait_for()
    page.get_by_role("figure", name="tree in both versions").wait_for()


def test_a_version_tells_its_files_and_where_they_lie(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open(f"/data/{orchard.ids['dataset']}")
    page.get_by_role("table", name="Versions").get_by_role("link", name="v2").click()
    page.get_by_role("tab", name="Identity and files").click()
    page.get_by_role("table", name="Files").wait_for()
    page.get_by_text("delta_scan").wait_for()
    with page.expect_download() as coming:
        page.get_by_role("link", name="CSV").click()
    assert coming.value.suggested_filename.endswith("-v2.csv")


def test_all_failing_rows_and_the_checks_over_the_versions(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open(f"/data/{orchard.ids['dataset']}")
    page.get_by_role("link", name="v2: fail").first.click()
    page.get_by_text("This version fails its checks").wait_for()
    page.get_by_role("link", name="Look at all").first.click()
    page.get_by_role("region", name="Failing rows").get_by_text("moon").first.wait_for()


def test_checks_are_proposed_and_tried_before_they_are_saved(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open(f"/data/{orchard.ids['dataset']}")
    page.get_by_role("button", name="Change the checks").click()
    dialog = page.get_by_role("dialog")
    before = dialog.get_by_role("group").count()
    dialog.get_by_role("button", name="Propose some from v").click()
    dialog.get_by_role("group", name=f"Check {before + 1}").wait_for()
    dialog.get_by_role("button", name="Try them on v").click()
    dialog.get_by_text("Checked just now").wait_for()
