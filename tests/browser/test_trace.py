"""What crosses the stages, in a real browser over a real server: traces, the circle, events, the search."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_from_a_prediction_one_walks_back_to_the_idea(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open("/serving/predictions?endpoint=pears&known=yes")
    page.get_by_role("table", name="Predictions").get_by_role("row").nth(1).click()
    page.wait_for_url("**/serving/predictions/prd_*")
    picture = page.get_by_role("region", name="The trace as a picture")
    for kind in ("prediction", "release", "model version", "run", "data version", "hypothesis", "outcome"):
        picture.get_by_text(kind, exact=True).first.wait_for()
    picture.get_by_role("link", name="keeping-pears").click()
    page.wait_for_url(f"**/business/{orchard.ids['hypothesis']}")


def test_the_picture_is_walked_with_arrow_keys(tab: Callable[..., Any], orchard: Any) -> None:
    prediction = orchard.ids["prediction"]
    page = tab(orchard.url).open(f"/trace/{prediction}")
    picture = page.get_by_role("region", name="The trace as a picture")
    picture.locator(f"[data-node='{prediction}']").focus()
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/business/{orchard.ids['hypothesis']}")


def test_the_same_is_told_in_words_with_the_money(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open(f"/serving/predictions/{orchard.ids['prediction']}")
    page.get_by_role("link", name="The same in words").click()
    page.wait_for_url(f"**/trace/{orchard.ids['prediction']}")
    words = page.get_by_role("region", name="The same in words", exact=True)
    words.get_by_role("link", name="keeping-pears").wait_for()
    words.get_by_role("link", name="orchard/pears").first.wait_for()
    words.get_by_text("EUR").first.wait_for()  # what came of it


def test_any_id_is_traced(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open("/trace")
    page.get_by_text("Or begin with one of the newest predictions").wait_for()
    page.get_by_role("textbox", name="Id of a record").fill(orchard.ids["incident"])
    page.get_by_role("button", name="Trace it").click()
    page.wait_for_url(f"**/trace/{orchard.ids['incident']}")
    page.get_by_role("region", name="The trace as a picture").get_by_text("incident").first.wait_for()
    page.get_by_role("textbox", name="Id of a record").fill("prd_00000000000000000000000000")
    page.get_by_role("button", name="Trace it").click()
    page.get_by_role("alert").wait_for()


def test_the_circle_shows_each_stage_now_and_what_needs_a_person(
    tab: Callable[..., Any], orchard: Any
) -> None:
    page = tab(orchard.url).open("/")
    stages = page.get_by_label("The stages")
    for title, says in {
        "Business": "If pears that will keep",
        "Data": " rows, checks ",
        "Training & registry": "champions",
        "Releases": "canar",
        "Serving": "predictions answered",
        "Monitoring": "monitors",
    }.items():
        card = stages.get_by_role("link").filter(has=page.get_by_role("heading", name=title, exact=True))
        card.get_by_text(says).first.wait_for()
    needs = page.get_by_role("region", name="Needs a person")
    needs.get_by_role("link", name="keeping-pears: decide go, kill or pivot").wait_for()
    needs.get_by_role("link", name="1 outcome names no known prediction").wait_for()
    needs.get_by_role("link", name="columns moved away").first.click()
    page.wait_for_url(f"**/monitoring/incidents/{orchard.ids['incident']}")


def test_the_circle_and_the_events_follow_what_happens_elsewhere(
    tab: Callable[..., Any], orchard: Any, client: Any
) -> None:
    circle, events = tab(orchard.url).open("/"), tab(orchard.url).open("/events?stage=business")
    events.get_by_role("table", name="Events").get_by_text("hypothesis created").first.wait_for()
    circle.get_by_role("link", name="keeping-pears: decide").wait_for()
    idea = client.hypotheses.create(
        "sorted-pears",
        statement="If pears are sorted by machine, fewer people catch a cold.",
        metric="roc_auc",
        baseline=0.5,
        target=0.7,
    )
    circle.get_by_role("link", name="sorted-pears: decide go, kill or pivot").wait_for()
    events.get_by_role("table", name="Events").get_by_text("sorted-pears").first.wait_for()
    client.hypotheses.decide(idea.id, "kill", reason="It is warm enough.")
    circle.get_by_role("link", name="sorted-pears: decide").wait_for(state="detached")


def test_ctrl_k_opens_any_record_by_its_id(tab: Callable[..., Any], orchard: Any) -> None:
    page = tab(orchard.url).open("/")
    for record, kind, where in [
        (orchard.ids["prediction"], "prediction", "/serving/predictions/"),
        (orchard.ids["runs"]["strong"], "run", "/training/runs/"),
        (orchard.ids["incident"], "incident", "/monitoring/incidents/"),
        (orchard.ids["job"], "job", "/loop/jobs/"),
    ]:
        page.keyboard.press("Control+k")
        page.get_by_role("textbox", name="Search").fill(record)
        page.get_by_text(f"Open {kind}", exact=True).click()
        page.wait_for_url(f"**{where}{record}")
