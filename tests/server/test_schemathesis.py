"""The whole API as its OpenAPI file tells it, asked thousands of odd questions over HTTP: never a 5xx."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from tests.server.mlflow.serving import TOKEN, ServerProcess

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
CASES = 40  # of each operation; there are more than 150
LEAST = 5_000
ENDLESS = r"^/api/v1/(events/stream|quiet)$"  # answers that end when the client goes away

schema = schemathesis.openapi.from_path(Path(__file__).parents[2] / "web" / "openapi.json").exclude(
    path_regex=ENDLESS
)
asked: list[str] = []


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path_factory.mktemp("odd") / "home")
    process.start()
    yield process
    process.stop()


@schema.parametrize()
@settings(
    max_examples=CASES,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_an_operation_never_fails_on_our_side(case: Any, server: ServerProcess) -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}
    answer = case.call(base_url=server.address, headers=headers, timeout=60)
    asked.append(case.path)
    assert answer.status_code < 500, (case.as_curl_command(), answer.text[:2000])
    if answer.status_code >= 400:
        assert answer.headers["content-type"][0].startswith("application/problem+json"), answer.text[:500]


def test_enough_was_asked(server: ServerProcess) -> None:
    assert len(asked) >= LEAST
    assert server.is_alive()
