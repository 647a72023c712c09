"""Prompts, webhooks and imports in a real browser over a real server."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.registry.importing.old import old_store
from tests.server.mlflow.test_webhooks import Receiver

import pomona

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_prompt_is_written_compared_named_and_tagged(tab: Callable[..., Any], orchard: Any) -> None:
    it = tab(orchard.url)
    page = it.open("/registry/prompts/new")
    page.get_by_role("textbox", name="Name").fill("keep-answer")
    page.get_by_role("textbox", name="Template").fill("Dear {{name}},\nyour pears keep.")
    page.get_by_role("status").get_by_text("name", exact=True).wait_for()
    page.get_by_role("button", name="Keep this version").click()
    page.wait_for_url("**/registry/prompts/prm_*version=1")
    expect(page.get_by_role("region", name="Template").locator("mark")).to_have_text("{{name}}")
    page.get_by_role("link", name="Write the next version").click()
    text = page.get_by_role("textbox", name="Template")
    expect(text).to_have_value("Dear {{name}},\nyour pears keep.")
    text.fill("Dear {{name}},\nyour pears <b>rot</b> by {{day}}.")
    page.get_by_role("textbox", name="What changed").fill("says when")
    page.get_by_role("button", name="Keep this version").click()
    page.wait_for_url("**version=2")
    page.get_by_text("Changes", exact=True).click()
    page.wait_for_url("**view=diff**")
    sides = page.get_by_role("table", name="v1 and v2")
    expect(sides.locator("del")).to_have_text(["keep"])
    assert "".join(sides.locator("ins").all_inner_texts()) == "<b>rot</b> by {{day}}"
    aliases = page.get_by_role("region", name="Aliases")
    aliases.get_by_role("combobox", name="Alias").fill("live")
    aliases.get_by_role("button", name="Name v2 so").click()
    aliases.get_by_role("link", name="v2").wait_for()
    page.get_by_role("list", name="Versions").get_by_role("link", name="v1").click()
    page.wait_for_url("**version=1**")
    aliases.get_by_role("button", name="Move to v1").click()
    aliases.get_by_role("link", name="v1").wait_for()
    page.get_by_role("button", name="Tag it").click()
    page.get_by_role("textbox", name="Tag").fill("team")
    page.get_by_role("textbox", name="Value").fill("cellar")
    page.get_by_role("button", name="Set it").click()
    page.get_by_role("button", name="Take the tag team away").wait_for()
    it.still()
    assert it.axe() == []
    aliases.get_by_role("button", name="Take the alias live away").click()
    aliases.get_by_text("None yet.").wait_for()
    page.goto(f"{orchard.url}/registry/prompts?text=KEEP")
    page.get_by_role("table", name="Prompts").get_by_role("link", name="keep-answer").wait_for()
    it.still()
    assert it.axe() == []
    assert it.foreign == []


def test_what_used_a_prompt_stands_on_its_page(
    tab: Callable[..., Any], orchard: Any, client: pomona.Client
) -> None:
    made = client.prompts.create("sort-letters", [{"role": "user", "content": "{{letter}}"}])
    said = '[{"name": "sort-letters", "version": "1"}]'
    client.runs.tag([orchard.ids["runs"]["strong"]], {"mlflow.linkedPrompts": said})
    page = tab(orchard.url).open(f"/registry/prompts/versions/{made.id}")
    page.get_by_role("list", name="Messages").get_by_text("{{letter}}").wait_for()
    page.get_by_role("region", name="Used by").get_by_role("link", name="strong").click()
    page.wait_for_url("**/training/runs/**")


def test_a_webhook_is_added_tested_and_paused(tab: Callable[..., Any], orchard: Any) -> None:
    receiver = Receiver()
    it = tab(orchard.url)
    page = it.open("/registry/webhooks/new")
    page.get_by_role("textbox", name="Name").fill("cellar")
    page.get_by_role("textbox", name="Address").fill("https://me:pw@x.example/")
    page.get_by_role("checkbox", name="a prompt has a new version").check()
    page.get_by_role("textbox", name="Secret").fill("ninebark")
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("alert").get_by_text("holds a password").wait_for()
    page.get_by_role("textbox", name="Address").fill(receiver.url)
    it.still()
    assert it.axe() == []
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url("**/registry/webhooks/whk_*")
    page.get_by_role("heading", name="cellar", exact=True).wait_for()
    assert "ninebark" not in page.content()
    receiver.answers = [503]
    page.get_by_role("button", name="Send a test").click()
    page.get_by_text("It answered 503").wait_for()
    told = page.get_by_role("table", name="Deliveries")
    told.get_by_role("link", name="prompt_version.created").click()
    page.wait_for_url("**delivery=*")
    page.get_by_role("table", name="Tries").get_by_text("pear").wait_for()
    it.still()
    assert it.axe() == []
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("paused").wait_for()
    page.get_by_role("link", name="Change").click()
    secret = page.get_by_role("textbox", name="A new secret")
    expect(secret).to_have_value("")
    page.get_by_role("button", name="Keep it so").click()
    page.get_by_text("signs each delivery").wait_for()
    page.goto(f"{orchard.url}/registry/webhooks")
    row = page.get_by_role("table", name="Webhooks").get_by_role("row").filter(has_text="cellar")
    row.get_by_text("failed").wait_for()
    receiver.close()


def test_runs_are_taken_over_after_a_look_at_them(tab: Callable[..., Any], bare: str, tmp_path: Path) -> None:
    old_store(tmp_path / "mlflow.db", runs=5)
    it = tab(bare)
    page = it.open("/training/imports")
    page.get_by_role("link", name="Take something over").click()
    origin = page.get_by_role("textbox", name="Origin")
    look = page.get_by_role("button", name="See what would come")
    origin.fill("postgresql://me:pw@db.example/mlflow")
    look.click()
    page.get_by_text("Without the password").wait_for()
    assert "pw" not in page.url
    origin.fill(f"sqlite:///{tmp_path}/nix.db")
    look.click()
    page.get_by_role("alert").wait_for()
    origin.fill(f"sqlite:///{tmp_path}/mlflow.db")
    look.click()
    there = page.get_by_role("table", name="Experiments there")
    there.get_by_text("big").wait_for()
    there.get_by_role("checkbox").last.uncheck()
    expect(page.get_by_role("button", name="Take these 0")).to_be_disabled()
    there.get_by_role("checkbox").last.check()
    it.still()
    assert it.axe() == []
    page.get_by_role("button", name="Take everything over").click()
    page.wait_for_url("**/training/imports/job_*")
    page.get_by_role("heading", name="What came over").wait_for(timeout=60_000)
    page.get_by_role("heading", name="What stayed behind").wait_for()
    it.still()
    assert it.axe() == []
    page.get_by_role("button", name="Take what is new").click()
    page.get_by_text("0 new and 0 changed runs").first.wait_for(timeout=60_000)
    page.goto(f"{bare}/training/imports")
    expect(page.get_by_role("table", name="Imports").get_by_text("done")).to_have_count(2)
