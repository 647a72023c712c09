"""Long histories page by page: the next one is read ahead, and given out only if it still holds."""

import asyncio
import math
from collections.abc import Iterator
from itertools import chain
from threading import Event
from typing import Any

import pytest
from tests.server.mlflow.conftest import Caller

from pomona.server.mlflow import ahead
from pomona.server.mlflow.ahead import READERS, Ahead, Page, Place
from pomona.training.records.runs import Metric, MetricPoint

SIZE = 1_000  # the shortest page that is read ahead
AT_MS = 1_700_000_000_000


@pytest.fixture
def run(mlflow: Caller) -> str:
    """A run with a history of 2,500 points, one a second; some values are no numbers."""
    run_id: str = mlflow.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    odd = {7: math.nan, 1_001: math.inf, 1_002: -math.inf, 2_003: math.nan, 2_400: 5e-324}
    log(mlflow, run_id, {step: odd.get(step, 1 / (1 + step)) for step in range(2_500)})
    return run_id


def log(mlflow: Caller, run_id: str, values: dict[float, float]) -> None:
    """Values by the second they are logged in."""
    metrics = [
        Metric(key="m", value=value, timestamp=AT_MS + round(1000 * at), step=int(at))
        for at, value in values.items()
    ]
    for first in range(0, len(metrics), SIZE):
        mlflow.home.tracking.log(run_id, metrics=metrics[first : first + SIZE])


def pages(mlflow: Caller, run_id: str) -> Iterator[list[dict[str, Any]]]:
    token: dict[str, str] = {}
    while True:
        found = mlflow.get("metrics/get-history", run_id=run_id, metric_key="m", max_results=SIZE, **token)
        yield found["metrics"]
        if "next_page_token" not in found:
            return
        token = {"page_token": found["next_page_token"]}


def whole(mlflow: Caller, run_id: str) -> list[dict[str, Any]]:
    points: list[dict[str, Any]] = mlflow.get("metrics/get-history", run_id=run_id, metric_key="m")["metrics"]
    return points


def test_pages_that_were_read_ahead_are_the_whole(
    mlflow: Caller, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[bool] = []
    take = Ahead.take

    def watched(self: Ahead[Any], place: Place) -> Any:
        for held, _ in self._pages.values():
            held.exception(timeout=60)  # it is there, however busy the machine is
        taken.append((page := take(self, place)) is not None)
        return page

    monkeypatch.setattr(Ahead, "take", watched)
    read = list(pages(mlflow, run))
    assert [len(page) for page in read] == [SIZE, SIZE, 500]
    assert list(chain.from_iterable(read)) == whole(mlflow, run)
    assert [point["value"] for point in read[1][1:3]] == [1.7976931348623157e308, -1.7976931348623157e308]
    assert read[0][7]["value"] == "NaN"
    assert taken == [True, True]


@pytest.mark.parametrize(
    "late", [{1_500.5: 9.0}, {1_999.5: 9.0}, {2_500.0: 9.0}, {999.5: 9.0}, {3.5: 9.0}], ids=str
)
def test_what_is_logged_while_a_client_takes_in_a_page_is_on_the_next_ones(
    mlflow: Caller, run: str, late: dict[float, float]
) -> None:
    reading = pages(mlflow, run)
    found = next(reading)
    log(mlflow, run, late)  # acknowledged before the next page is asked for
    found += chain.from_iterable(reading)
    [at] = late
    expected = whole(mlflow, run)
    if at < SIZE - 1:  # that page was given out already
        expected.remove({"key": "m", "step": int(at), "timestamp": AT_MS + round(1000 * at), "value": 9.0})
    assert found == expected


def test_what_is_logged_while_a_client_takes_in_the_page_before_the_last_is_on_the_last(
    mlflow: Caller, run: str
) -> None:
    reading = pages(mlflow, run)
    found = next(reading) + next(reading)
    log(mlflow, run, {2_100.5: 9.0, 2_600.0: 8.0})
    assert [*found, *chain.from_iterable(reading)] == whole(mlflow, run)


def place(number: int) -> Place:
    return ("run", "m", SIZE, MetricPoint(number, number, 1.0))


def test_a_page_that_could_not_be_read_is_not_there() -> None:
    def fail(_: Place) -> str:
        raise OSError("the disk is gone")

    async def use() -> str | None:
        pages = Ahead(fail)
        pages.begin(place(1))
        return await asyncio.to_thread(pages.take, place(1))

    assert asyncio.run(use()) is None


def test_each_page_is_given_out_once_and_few_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go = Event(), Event()

    def read(wanted: Place) -> int:
        begun.set()
        assert go.wait(60)
        return wanted[3].step

    async def use() -> list[int | None]:
        pages = Ahead(read)
        for number in range(READERS + 2):
            pages.begin(place(number))
        assert await asyncio.to_thread(begun.wait, 60)  # what is not begun is not waited for
        go.set()
        first = await asyncio.to_thread(pages.take, place(0))
        again = [pages.take(place(number)) for number in (0, READERS, READERS + 1)]
        monkeypatch.setattr(ahead, "KEPT_S", 0.0)  # what is held now is too old
        pages.begin(place(9))
        return [first, *again, pages.take(place(1))]

    assert asyncio.run(use()) == [0, None, None, None, None]


def test_a_page_says_when_it_is_on_its_way() -> None:
    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    asyncio.run(Page(b'{"key":"m"}', then=lambda: told.append("then")).send(send))
    start, body, end, then = told
    assert dict(start["headers"])[b"content-length"] == str(len(body["body"])).encode()
    assert (body["body"], body["more_body"]) == (b'{"metrics":[{"key":"m"}]}', True)
    assert (end["body"], end.get("more_body", False), then) == (b"", False, "then")
