"""The shell and the circle in a real browser: they draw, they are accessible, they ask nobody else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytestmark = pytest.mark.browser
NOW = datetime.now(UTC)


def stage(key: str, title: str, state: str, headline: str, **facts: str) -> dict[str, Any]:
    return {
        "stage": key,
        "title": title,
        "state": state,
        "headline": headline,
        "facts": [{"label": label.replace("_", " "), "value": value} for label, value in facts.items()],
        "needs": [],
    }


def entry(seq: int, kind: str, subject: str, minutes_ago: float, **data: Any) -> dict[str, Any]:
    at = (NOW - timedelta(minutes=minutes_ago)).isoformat()
    chain = {"prev_hash": "0" * 64, "hash": f"{seq:064x}"}
    return {"seq": seq, "type": kind, "subject": subject, "actor": "ada", "at": at, "data": data, **chain}


def ulid(prefix: str) -> str:
    return f"{prefix}_01jd3r5v7x9z0a1b2c3d4e5f6g"


def entries() -> list[dict[str, Any]]:
    moved = {"endpoint": "late-flights", "verdict": "promote", "champion": ulid("mv")}
    return [
        entry(41, "releases.decided", ulid("rel"), 0.1, **moved, reason="earned 1,204 more on 5,310 flights"),
        entry(
            40, "loop.reaction_decided", ulid("rea"), 9, trigger="drift", fired=True, reason="0.31 above 0.20"
        ),
        entry(
            39, "monitoring.incident_opened", ulid("inc"), 12, endpoint="late-flights", summary="hour drifted"
        ),
        entry(
            38, "registry.version_registered", ulid("mv"), 16, model="late-flights", number=4, run="a" * 32
        ),
        entry(37, "data.version_committed", ulid("ver"), 55, dataset="flights", number=7, quality="green"),
        entry(36, "business.decision_made", ulid("dec"), 3000, verdict="go", reason="beats the baseline"),
    ]


def turning() -> dict[str, Any]:
    stages = [
        stage("business", "Business", "ok", "late-flights earns 18,340 EUR so far", hypotheses="2", go="1"),
        stage(
            "data", "Data", "ok", "flights is at version 7, all checks green", datasets="2", rows="194,112"
        ),
        stage("training", "Training and registry", "busy", "1 run at work", runs="9", versions="4"),
        stage("releases", "Releases", "attention", "Canary of version 4 has enough evidence", share="20 %"),
        stage(
            "serving", "Serving", "ok", "38 predictions a second", predictions="163,204", outcomes="158,911"
        ),
        stage("monitoring", "Monitoring", "attention", "1 incident is open", windows="26", incidents="1"),
    ]
    stages[3]["needs"] = [
        {"text": "Version 4 earns more: promote it or wait", "link": f"/releases/{ulid('rel')}"}
    ]
    stages[5]["needs"] = [
        {"text": "Inputs of late-flights drifted", "link": f"/monitoring/incidents/{ulid('inc')}"}
    ]
    loop = stage("loop", "The loop", "busy", "Retrained 3 times, refused 1 candidate", triggers="2")
    return {"stages": stages, "loop": loop, "latest": entries()}


def empty() -> dict[str, Any]:
    full = turning()
    for one in [*full["stages"], full["loop"]]:
        one.update(state="empty", headline="Nothing yet", facts=[], needs=[])
    return {**full, "latest": []}


@pytest.fixture
def address(site: Callable[..., str]) -> str:
    return site({"/api/v1/circle": turning(), "/api/v1/events": entries()})


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/events", "/nowhere"])
def test_a_page_is_accessible_quiet_and_asks_no_foreign_host(
    tab: Callable[..., Any], address: str, theme: str, path: str
) -> None:
    it = tab(address, theme=theme)
    it.open(path).wait_for_load_state("load")
    assert it.axe() == []
    assert it.foreign == []
    assert it.complaints == []


def test_the_circle_shows_each_stage_and_what_needs_a_person(tab: Callable[..., Any], address: str) -> None:
    page = tab(address).open()
    page.get_by_role("heading", name="Business", exact=True).wait_for()
    for title in [
        "Business",
        "Data",
        "Training and registry",
        "Releases",
        "Serving",
        "Monitoring",
        "The loop",
    ]:
        assert page.get_by_role("heading", name=title, exact=True).is_visible()
    page.get_by_role("link", name="Inputs of late-flights drifted").click()
    page.wait_for_url("**/monitoring/incidents/*")


def test_an_empty_circle_says_how_to_begin(tab: Callable[..., Any], site: Callable[..., str]) -> None:
    nothing = {"items": [], "next_cursor": None}
    page = tab(site({"/api/v1/circle": empty(), "/api/v1/hypotheses": nothing})).open()
    page.get_by_text("It begins with a hypothesis.").wait_for()
    page.get_by_label("Stages", exact=True).get_by_role("link", name="Business").click()
    page.get_by_role("region", name="Terminal example").get_by_text("pomona").wait_for()


def test_ctrl_k_opens_a_page_by_name_and_a_record_by_id(tab: Callable[..., Any], address: str) -> None:
    page = tab(address).open()
    page.keyboard.press("Control+k")
    page.get_by_role("textbox", name="Search").fill(ulid("mv"))
    page.get_by_text("Open model version").click()
    page.wait_for_url(f"**/registry/versions/{ulid('mv')}")
    page.keyboard.press("Control+k")
    page.get_by_role("textbox", name="Search").fill("events")
    page.keyboard.press("Enter")
    page.wait_for_url("**/events")


def test_filters_live_in_the_url_and_columns_are_remembered(tab: Callable[..., Any], address: str) -> None:
    page = tab(address).open("/events?stage=data")
    table = page.get_by_role("table", name="Events")
    table.get_by_text("version committed").wait_for()
    assert not table.get_by_text("decision made").is_visible()
    page.get_by_role("button", name="Choose columns").click()
    page.get_by_role("checkbox", name="Hash").check()
    page.reload()
    page.get_by_role("columnheader", name="Hash").wait_for()


def test_the_chosen_theme_stays(tab: Callable[..., Any], address: str) -> None:
    page = tab(address).open()
    page.get_by_role("button", name="Dark theme").click()
    page.reload()
    page.wait_for_selector("html[data-mantine-color-scheme=dark]")


def test_on_a_telephone_nothing_is_wider_than_the_screen(tab: Callable[..., Any], address: str) -> None:
    page = tab(address, width=390, height=844).open()
    page.get_by_role("heading", name="Monitoring", exact=True).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
