"""Figures over many traces are those of the reference server, field by field."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import urllib3
from tests.server.mlflow.cases_figures import FIGURES, ON_PURPOSE, V3, info, judgements, spans
from tests.server.mlflow.conftest import Caller
from tests.server.mlflow.differences import differences
from tests.server.mlflow.test_differences import asking, reference, server  # noqa: F401 (fixtures)

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


Send = Callable[[str, Any, dict[str, str]], None]


def fill(send: Send) -> None:
    """``send(path, body, headers)`` the same traces."""
    for number in (1, 2, 3, 4):
        block = {"resource": {"attributes": []}, "scopeSpans": [{"spans": spans(number)}]}
        send("/v1/traces", {"resourceSpans": [block]}, {"x-mlflow-experiment-id": "0"})
        send(V3, {"trace": {"trace_info": info(number)}}, {})
        for item in judgements(number):
            send(f"{V3}/tr-{number:032x}/assessments", {"assessment": item}, {})


@pytest.fixture
def filled(reference: str) -> str:  # noqa: F811
    """The reference server with those traces in it."""
    pool = urllib3.PoolManager(retries=False)

    def send(path: str, body: Any, headers: dict[str, str]) -> None:
        told = {"content-type": "application/json"} | headers
        done = pool.request("POST", reference + path, body=msgspec.json.encode(body), headers=told)
        assert done.status == 200, done.data

    fill(send)
    return reference


def test_figures_are_those_of_the_reference(mlflow: Caller, filled: str) -> None:
    def send(path: str, body: Any, headers: dict[str, str]) -> None:
        told = {"content-type": "application/json"} | headers
        done = mlflow.call("POST", path, body=msgspec.json.encode(body), headers=told)
        assert done.status == 200, done.body

    def ask(method: str, path: str, fields: Any) -> tuple[int, Any]:
        query = fields if method == "GET" else {}
        done = mlflow.call(method, path, None if method == "GET" else fields, **query)
        return done.status, msgspec.json.decode(done.body)

    fill(send)
    found = list(differences(ask, asking(filled), FIGURES))
    wanted = {f"{method} {path} {fields}" for method, path, fields in ON_PURPOSE}
    assert {item[0] for item in found} == wanted, "\n".join(map(str, ["", *found]))
