"""The loop in a real browser over a real server: triggers, why each one acted or did not, and its jobs."""

from collections.abc import Callable
from typing import Any

import pytest

import pomona

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_trigger_is_added_paused_and_resumed(tab: Callable[..., Any], orchard: Any, client: Any) -> None:
    page = tab(orchard.url).open("/loop/triggers")
    page.get_by_role("link", name="Add a trigger").click()
    page.get_by_text("New data", exact=True).click()
    page.get_by_role("textbox", name="Name").fill("on-growth")
    page.get_by_role("combobox", name="Endpoint").click()
    page.get_by_role("option", name="pears", exact=True).click()
    page.get_by_role("textbox", name="Growth").fill("50")
    page.get_by_role("combobox", name="Training entry").click()
    page.get_by_role("option", name="pears", exact=True).click()
    page.get_by_role("textbox", name="Label").fill("kept")
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url("**/loop/triggers/trg_*")
    page.get_by_text("when the data has grown by 50 %").first.wait_for()
    page.get_by_text("It was not asked yet.").wait_for()
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("paused", exact=True).wait_for()
    assert not client.loop.get("on-growth").enabled
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="Pause").wait_for()
    assert client.loop.get("on-growth").enabled


def test_what_the_server_refuses_is_said_at_its_field(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open("/loop/triggers/new")
    page.get_by_role("textbox", name="Name").fill("asked")
    page.get_by_role("combobox", name="Endpoint").click()
    page.get_by_role("option", name="pears", exact=True).click()
    page.get_by_role("combobox", name="Training entry").click()
    page.get_by_role("option", name="pears", exact=True).click()
    page.get_by_role("textbox", name="Label").fill("kept")
    page.get_by_role("button", name="Add it").click()
    page.get_by_text("'asked' exists already").wait_for()


def test_a_retraining_beside_a_canary_is_held_back_and_says_why(
    tab: Callable[..., Any], orchard: Any
) -> None:
    page = tab(orchard.url).open("/loop/triggers")
    page.get_by_role("table", name="Triggers").get_by_role("link", name="asked").click()
    page.get_by_role("button", name="Retrain now").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Reason").fill("I am curious.")
    dialog.get_by_role("button", name="Retrain", exact=True).click()
    page.wait_for_url("**/loop/reactions/rea_*")
    page.get_by_text("It held back: nothing was started").wait_for()
    page.get_by_text("a canary is still being judged").wait_for()
    facts = page.get_by_role("region", name="The facts it decided on")
    facts.get_by_role("link", name="rel_…").click()
    page.wait_for_url(f"**/releases/{orchard.ids['canary']}")


def test_a_retraining_that_a_person_asks_for_is_followed_to_its_end(
    tab: Callable[..., Any], orchard: Any, client: Any
) -> None:
    client.endpoints.create("asking", model="pears", hypothesis="keeping-pears")
    client.releases.start("asking", "pears/1", strategy="champion", reason="to be retrained")
    recipe = pomona.Recipe(entry="pears", label="kept", holdout_days=4, minimum_improvement=0.3)
    trigger = client.loop.trigger("please", endpoint="asking", kind="request", recipe=recipe)
    page = tab(orchard.url).open(f"/loop/triggers/{trigger.id}")
    page.get_by_role("button", name="Retrain now").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Reason").fill("The harvest was odd.")
    dialog.get_by_role("button", name="Retrain", exact=True).click()
    page.get_by_text("It fired: a retraining was started").wait_for()
    page.get_by_role("link", name="job_…").first.click()
    page.wait_for_url("**/loop/jobs/job_*")
    page.get_by_text("done", exact=True).wait_for(timeout=120_000)  # followed without a reload
    steps = page.get_by_role("list", name="Finished steps")
    for step in ("register", "compare", "gate"):
        steps.get_by_text(step, exact=True).wait_for()
    page.get_by_role("region", name="Log").wait_for()


def test_a_reaction_says_what_came_of_it_and_leads_to_its_job(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open("/loop")
    table = page.get_by_role("table", name="Reactions")
    table.get_by_text("held back").first.wait_for()
    page.goto(f"{orchard.url}/loop/reactions/{orchard.ids['reactions']['fired']}")
    came = page.get_by_role("region", name="What came of it")
    came.get_by_text("refused").wait_for()
    came.get_by_text("does not beat the champion's").wait_for()
    came.get_by_role("link", name="job_…").click()
    page.wait_for_url(f"**/loop/jobs/{orchard.ids['job']}")
    page.get_by_role("heading", name="retrain job").wait_for()


def test_jobs_are_filtered_by_their_state(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open("/loop/jobs")
    page.get_by_role("table", name="Jobs").get_by_role("link", name="retrain").first.wait_for()
    page.get_by_role("radiogroup", name="State").get_by_text("parked").click()
    page.get_by_text("No job fits this filter").wait_for()
    assert "state=parked" in page.url
