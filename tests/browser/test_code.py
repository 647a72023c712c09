"""What a run ran beside its commit, in a real browser over a real server."""

import urllib.request
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

import pomona
from pomona.training.code.records import GitState, NewRunOrigin, RunOrigin

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PATCH = """# left out, for it looks like a secret: .env
diff --git a/train.py b/train.py
--- a/train.py
+++ b/train.py
@@ -1,2 +1,2 @@
 import mlflow
-DEPTH = 3
+DEPTH = 6
"""


def _own_run(url: str) -> str:
    """A run that no other test, and no training that goes on, says anything of."""
    asked = urllib.request.Request(
        f"{url}/api/2.0/mlflow/runs/create",
        data=b'{"experiment_id": "0"}',
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return str(msgspec.json.decode(answer.read())["run"]["info"]["run_id"])


def test_uncommitted_changes_are_read_and_compared(
    tab: Callable[..., Any], orchard: Any, client: pomona.Client
) -> None:
    one, two = _own_run(orchard.url), _own_run(orchard.url)
    for run, diff in ((one, PATCH), (two, "")):
        told = NewRunOrigin(git=GitState(commit="5" * 40, diff=diff, branch="main"), run=run)
        client.session.post("/api/v1/runs/origins", told, RunOrigin)
    page = tab(orchard.url).open(f"/training/runs/{one}")
    page.get_by_role("region", name="Changes of train.py").get_by_text("+DEPTH = 6").wait_for()
    page.get_by_text("only named: it looks like a secret").wait_for()
    page.get_by_text("uncommitted changes, 2 lines").first.wait_for()
    page.get_by_text("git apply run.patch").wait_for()
    other = tab(orchard.url).open(f"/training/runs/{two}")
    other.get_by_text("nothing", exact=True).wait_for()
    both = tab(orchard.url).open(f"/training/compare?runs={one},{two}")
    both.get_by_text("other uncommitted changes in .env, train.py").wait_for()
