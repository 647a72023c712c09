"""The registry in a real browser over a real server: versions, the gate, aliases, verified files."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_an_empty_registry_says_how_to_begin(tab: Callable[..., Any], bare: str) -> None:
    page = tab(bare).open("/registry")
    page.get_by_text("pomona models register").wait_for()


def test_versions_stand_side_by_side_with_what_the_gate_said(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open("/registry")
    page.get_by_role("link", name="pears").click()
    table = page.get_by_role("table", name="Versions")
    table.get_by_role("columnheader", name="test_roc_auc").wait_for()
    first = table.get_by_role("row").filter(has=page.get_by_role("link", name="v1"))
    first.get_by_text("passed").wait_for()
    page.get_by_text("does not beat the champion's").first.wait_for()


def test_an_alias_passes_a_gate_that_says_no_only_with_a_reason(
    tab: Callable[..., Any], orchard: Any
) -> None:
    page = tab(orchard.url).open(f"/registry/versions/{orchard.ids['versions'][1]}")
    page.get_by_role("button", name="Move an alias here").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("It moves from v1 to v2.").wait_for()
    dialog.get_by_role("button", name="Move it").click()
    dialog.get_by_role("alert").get_by_text("its gate said no").wait_for()
    dialog.get_by_label("Alias").fill("challenger")
    dialog.get_by_role("button", name="Move it").click()
    dialog.wait_for(state="detached")
    page.get_by_text("challenger").first.wait_for()


def test_files_are_shown_and_verified(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open(f"/registry/versions/{orchard.ids['versions'][0]}")
    page.get_by_role("table", name="Takes").get_by_role("rowheader", name="weight").wait_for()
    page.get_by_role("region", name="MLmodel").get_by_text("loader_module").wait_for()
    page.get_by_role("button", name="Verify the files").click()
    page.get_by_text("The seal is ours, and all 5 files are what was registered.").wait_for()


def test_two_versions_stand_side_by_side(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open(f"/registry/versions/{orchard.ids['versions'][1]}")
    page.get_by_role("list", name="Lineage").get_by_text("orchard/pears@v1").wait_for()
    page.get_by_role("button", name="Compare with").click()
    page.get_by_role("menuitem", name="v1 (champion").click()
    metrics = page.get_by_role("table", name="Metrics")
    metrics.get_by_role("row").filter(has_text="test_roc_auc").get_by_text("worse").wait_for()
    page.get_by_role("table", name="Parameters").get_by_role("row").filter(has_text="0.001").wait_for()
    page.get_by_text("Both were trained on the same data version.").wait_for()


def test_another_person_agrees_and_the_card_says_so(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open(f"/registry/versions/{orchard.ids['versions'][1]}")
    agreed = page.get_by_role("region", name="Who agreed")
    agreed.get_by_role("button", name="Approve it").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your name").fill("local")
    dialog.get_by_role("button", name="Approve it").click()
    dialog.get_by_role("alert").get_by_text("is no person").wait_for()
    dialog.get_by_label("Your name").fill("bob")
    dialog.get_by_label("Comment").fill("<img src=x onerror=alert(1)> good")
    dialog.get_by_role("button", name="Approve it").click()
    dialog.wait_for(state="detached")
    agreed.get_by_text("Approved by bob.").wait_for()
    card = page.get_by_role("region", name="Card")
    card.get_by_text("<img src=x onerror=alert(1)> good").wait_for()
    card.get_by_role("button", name="Edit").click()
    text = card.get_by_role("textbox", name="Card")
    text.fill(text.input_value() + "\n## By hand\n\nNever tried on **quinces**.\n")
    card.get_by_label("What you changed").fill("quinces")
    card.get_by_role("button", name="Save the card").click()
    card.get_by_role("heading", name="By hand").wait_for()
    card.get_by_text("Revision 1 by bob").wait_for()
