"""Marts in a real browser over a real server: write, preview, be warned, keep, build, look at the lineage."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

import pomona

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LEAKY = "select h.basket, avg(r.mm) as rain\nfrom harvests h\njoin rains r using (tree)\ngroup by all"
SAFE = """select h.basket, h.picked, h.weight, r.mm as last_rain
from harvests h
asof left join rains r on r.tree = h.tree and h.picked >= r.fell"""


def day(number: int) -> datetime:
    return datetime(2026, 5, number, tzinfo=UTC)


def baskets_and_rains(client: pomona.Client) -> None:
    if any(one.name == "harvests" for one in client.data.list()):
        return
    client.data.create("harvests", key=["basket"], time_column="picked")
    client.data.create("rains", time_column="fell")
    picked = [day(4), day(8), day(9)]
    client.data.commit(
        "harvests",
        pa.table({"basket": [1, 2, 3], "tree": [1, 1, 2], "picked": picked, "weight": [3.0, 4.0, 5.0]}),
    )
    client.data.commit(
        "rains", pa.table({"tree": [1, 1, 2], "fell": [day(3), day(7), day(10)], "mm": [5, 9, 2]})
    )


def test_a_mart_is_written_with_a_warning_and_built(
    tab: Callable[..., Any], orchard: Any, client: pomona.Client
) -> None:
    baskets_and_rains(client)
    page = tab(orchard.url).open("/data/marts")
    page.get_by_role("link", name="Write a mart").click()
    page.get_by_role("textbox", name="SQL").fill(LEAKY)
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("The future may leak in").wait_for()
    page.get_by_text("r is joined to h without AS OF").wait_for()
    page.get_by_role("textbox", name="SQL").fill(SAFE)
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("The future may leak in").wait_for(state="detached")
    page.get_by_role("region", name="Preview").get_by_text("last_rain").first.wait_for()
    page.get_by_role("textbox", name="Name").fill("weather-at-harvest")
    page.get_by_role("combobox", name="Key").fill("basket")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Time column").fill("picked")
    page.get_by_role("button", name="Keep the mart").click()
    page.wait_for_url("**/data/marts/mrt_*")
    page.get_by_role("button", name="Build it now").click()
    page.get_by_role("region", name="Lineage: basket from harvests@v1 basket").wait_for(timeout=60_000)
    page.get_by_role("table", name="Builds").get_by_text("weather-at-harvest@v1").first.wait_for()
    assert client.data.read("weather-at-harvest").column("last_rain").to_pylist() == [5, 9, None]


def test_a_mistake_is_shown_at_its_line_and_the_last_version_stays(
    tab: Callable[..., Any], orchard: Any, client: pomona.Client
) -> None:
    baskets_and_rains(client)
    made = client.marts.create("weights", "select h.basket, h.weight\nfrom harvests h", key=["basket"])
    client.marts.build("weights")
    page = tab(orchard.url).open(f"/data/marts/{made.id}")
    page.get_by_role("textbox", name="SQL").fill("drop table harvests")
    page.get_by_role("button", name="Keep the change").click()
    page.get_by_text("is not allowed here").first.wait_for()
    page.get_by_role("textbox", name="SQL").fill(
        "select h.basket,\n  error('rotten')::double as weight\nfrom harvests h"
    )
    page.get_by_role("button", name="Keep the change").click()
    page.get_by_text("Revision 2.").wait_for()
    page.get_by_role("button", name="Build it now").click()
    page.get_by_text("the version before stays as it is").wait_for(timeout=60_000)
    page.get_by_role("link", name="Look at the build").click()
    page.get_by_role("region", name="SQL").get_by_text("rotten").wait_for()
    page.get_by_role("alert").get_by_text("rotten").first.wait_for()
    assert len(client.data.versions("weights")) == 1


def test_a_trace_leads_from_a_version_to_the_sql_that_made_it(
    tab: Callable[..., Any], orchard: Any, client: pomona.Client
) -> None:
    baskets_and_rains(client)
    client.marts.create("trees", "select distinct h.tree from harvests h", key=["tree"])
    built = client.marts.build("trees")
    page = tab(orchard.url).open(f"/trace/{built.version}")
    page.get_by_text("SQL of trees").first.wait_for()
    page.get_by_text("harvests@v1").first.wait_for()
