"""How fast the page of runs opens and filters, in Chromium: ``python bench/runs_page.py URL``.

URL is a running ``pomona up`` over a home that ``fill_runs.py`` filled. A filter's time is from the key to
the frame in which other rows stand; beside it what the request took of that.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Page

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
FILTERS = (
    "metrics.val_accuracy > 0.93",
    "params.depth = '8' and metrics.val_loss < 0.35",
    "attributes.status = 'FAILED'",
    "params.optimizer = 'lion' and metrics.val_accuracy > 0.94",
    "metrics.val_accuracy > 0.99",
    "attributes.run_name LIKE '%777%'",
    "tags.team = 'vision' and params.batch_size = '16'",
    "params.seed = '77'",
)
FILTER = """async (filter) => {
  const box = document.querySelector("input[aria-label=Filter]");
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(box, filter);
  box.dispatchEvent(new Event("input", { bubbles: true }));
  await new Promise((done) => setTimeout(done, 400)); // suggestions are not what is measured
  const rows = () => document.querySelector("table[aria-label=Runs] tbody")?.innerText ?? "";
  performance.clearResourceTimings();
  const [before, began] = [rows(), performance.now()];
  box.form.requestSubmit();
  while (rows() === before && performance.now() - began < 20000) await new Promise(requestAnimationFrame);
  const took = performance.now() - began;
  const asked = performance.getEntriesByType("resource").find((one) => one.name.includes("/api/v1/runs?"));
  return [took, asked?.duration ?? NaN];
}"""


def opened_ms(page: Page, url: str) -> float:
    """From the address to the first rows."""
    page.goto("about:blank")
    page.goto(f"{url}/training", wait_until="commit")
    page.get_by_role("table", name="Runs").get_by_role("link").first.wait_for()
    return float(page.evaluate("() => performance.now()"))


def main() -> None:
    """Open the page five times, then filter."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    url = parser.parse_args().url.rstrip("/")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        times = [opened_ms(page, url) for _ in range(5)]
        print(f"open: first {times[0]:.0f} ms, then median {statistics.median(times[1:]):.0f} ms")
        for filter_ in FILTERS:
            took, asked = page.evaluate(FILTER, filter_)
            print(f"filter: {took:4.0f} ms, request {asked:4.0f} ms  {filter_}")
        browser.close()


if __name__ == "__main__":
    main()
