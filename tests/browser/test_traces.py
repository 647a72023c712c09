"""Traces in a real browser over a real server: find one, look into it, judge it."""

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def attribute(key: str, value: object) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value if isinstance(value, str) else json.dumps(value)}}


def send(url: str, steps: int) -> None:
    """A trace of one chat and many steps, the last of which failed, as an OpenTelemetry exporter sends it."""
    now = time.time_ns()
    asked = {"messages": [{"role": "user", "content": "Are the pears ripe?"}]}
    root = {"spanId": f"{1:016x}", "name": "ripeness", "attributes": [attribute("mlflow.spanType", "AGENT")]}
    chat = {"spanId": f"{2:016x}", "parentSpanId": f"{1:016x}", "name": "chat"}
    chat["attributes"] = [attribute("mlflow.spanType", "CHAT_MODEL"), attribute("mlflow.spanInputs", asked)]
    spans = [root, chat]
    spans += [
        {
            "spanId": f"{at + 3:016x}",
            "parentSpanId": f"{1:016x}",
            "name": f"step {at}",
            "status": {"code": 2, "message": "too green"} if at == steps - 1 else {},
        }
        for at in range(steps)
    ]
    for at, span in enumerate(spans):
        end = now + 10**9 if at == 0 else now + (at + 1) * 10**9 // len(spans)
        start = now if at == 0 else now + at * 10**9 // len(spans)
        times = {"startTimeUnixNano": str(start), "endTimeUnixNano": str(end)}
        span |= {"traceId": f"{0xABC:032x}"} | times
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()
    told = {"content-type": "application/json", "x-mlflow-experiment-id": "0"}
    urllib.request.urlopen(urllib.request.Request(f"{url}/v1/traces", body, told), timeout=30).close()


def test_a_trace_is_found_looked_into_and_judged(tab: Callable[..., Any], orchard: Any) -> None:
    send(orchard.url, 1_000)
    watched = tab(orchard.url, theme="dark")
    page = watched.open("/training/traces")
    page.get_by_role("combobox", name="Filter").fill("span.status = 'ERROR' and trace.text ILIKE '%green%'")
    page.keyboard.press("Enter")
    page.wait_for_url("**filter=*")
    assert watched.axe() == []
    page.get_by_role("link", name="ripeness").click()
    tree = page.get_by_role("tree", name="Spans")
    tree.wait_for()
    page.get_by_text("1,002 spans").wait_for()
    assert tree.get_by_role("treeitem").count() < 60  # those in sight
    tree.get_by_role("treeitem", name="chat").click()
    panel = page.get_by_role("complementary", name="The chosen span")
    panel.get_by_text("Are the pears ripe?").wait_for()
    assert watched.axe() == []
    page.get_by_role("button", name="1 failed").click()
    panel.get_by_text("too green").wait_for()
    expect(tree.get_by_role("treeitem", name="step 999")).to_be_in_viewport()
    page.get_by_role("button", name="Judge it").click()
    page.get_by_placeholder("helpful").fill("helpful")
    page.get_by_text("no", exact=True).click()
    page.get_by_role("textbox", name="Why").fill("It does not say when.")
    page.get_by_role("button", name="Keep it").click()
    page.get_by_text("It does not say when.").wait_for()
    light = tab(orchard.url)
    light.open(page.url.removeprefix(orchard.url)).get_by_text("It does not say when.").wait_for()
    assert light.axe() == []
    assert (watched.foreign, light.foreign) == ([], [])


@pytest.mark.parametrize("path", ["/training/traces", "/training/evaluations"])
def test_an_empty_list_says_how_to_begin(tab: Callable[..., Any], bare: str, path: str) -> None:
    watched = tab(bare)
    watched.open(path).get_by_role("region", name="Python example").wait_for()
    assert watched.axe() == []
