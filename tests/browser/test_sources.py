"""Sources in a real browser: a first look before anything is kept, what is taken, the version it made."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.servers import Web

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_source_is_tried_added_and_read(tab: Callable[..., Any], bare: str, tmp_path: Path) -> None:
    (tmp_path / "plums.csv").write_text("id,weight\n1,30\n2,35\n")
    web = Web(tmp_path)
    it = tab(bare)
    page = it.open("/data/sources")
    page.get_by_role("link", name="Add a source").click()
    page.get_by_role("combobox", name="Kind").click()
    page.get_by_role("option", name="A file on the web").click()
    page.get_by_role("textbox", name="Name").fill("plums")
    where = page.get_by_role("textbox", name="Location")
    where.fill(f"{web.url}/nix.csv".replace("//", "//me:pw@"))
    page.get_by_role("button", name="Test").click()
    page.get_by_role("alert").get_by_text("carries a password").wait_for()
    assert where.get_attribute("aria-invalid") == "true"
    where.fill(f"{web.url}/plums.csv")
    page.get_by_role("button", name="Test").click()
    page.get_by_text("It answers: text/csv").wait_for()
    page.get_by_role("region", name="Sample").get_by_text("35").wait_for()
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url("**/data/sources/src_*")
    page.get_by_role("button", name="Take something").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Into the dataset").fill("plums")
    dialog.get_by_role("button", name="Look at ten rows").click()
    dialog.get_by_role("region", name="Sample").wait_for()
    dialog.get_by_role("button", name="Take it").click()
    page.get_by_role("button", name="Extract now").click()
    page.get_by_role("table", name="Versions").get_by_role("link", name="plums@v1").click()
    page.get_by_role("tab", name="Identity and files").click()
    page.get_by_text("Taken from plums").wait_for()
    page.get_by_role("region", name="Question").get_by_text("plums.csv").wait_for()
    page.goto(f"{bare}/data/sources")
    page.get_by_role("table", name="Sources").get_by_text("done").wait_for()
    assert it.foreign == []
    web.close()
