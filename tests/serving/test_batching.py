"""Rows that come together are predicted together; each caller gets its own answer or its own error."""

import asyncio
import threading
import time

import pytest

from pomona.core.errors import Overloaded, UserCodeFailed
from pomona.serving.gateway.batching import Batcher
from pomona.serving.gateway.columns import Columns, ColumnSpec, Signature
from pomona.serving.gateway.engines import Answer, Engine

PREDICTION = Answer("prediction")


class Model:
    """Doubles its column; notes the size of every batch; can be held up."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.free = threading.Event()
        self.free.set()

    def predict(self, matrix):
        self.free.wait(10)
        self.sizes.append(len(matrix))
        if (matrix[:, 0] < -1000).any():
            raise SystemExit(3)
        if (matrix[:, 0] < 0).any():
            raise ValueError("negative")
        doubled = matrix[:, 0] * 2
        doubled[matrix[:, 0] == 13] = float("nan")
        return doubled

    def batcher(self, **options) -> Batcher:
        signature = Signature(columns=(ColumnSpec(name="x", type="double"),))
        engine = Engine(flavor="test", signature=signature, prediction=self.predict, bare_arrays=True)
        return Batcher(engine, PREDICTION, **options)


def rows(*values: float) -> Columns:
    return {"x": [*values]}


def test_a_lone_row_is_answered_without_waiting_for_others() -> None:
    async def run() -> float:
        batcher = Model().batcher()
        await batcher.predict(rows(1.0), 1)
        start = time.perf_counter()
        for _ in range(100):
            assert await batcher.predict(rows(2.0), 1) == [4.0]
        return time.perf_counter() - start

    assert asyncio.run(run()) < 1.0


def test_rows_that_come_together_share_a_predict() -> None:
    model = Model()

    async def run() -> list[list[float]]:
        batcher = model.batcher()
        return await asyncio.gather(*(batcher.predict(rows(float(n)), 1) for n in range(200) if n != 13))

    assert asyncio.run(run()) == [[2.0 * n] for n in range(200) if n != 13]
    assert max(model.sizes) == 64
    assert len(model.sizes) < 8


def test_a_large_request_is_one_predict() -> None:
    model = Model()

    async def run() -> None:
        await model.batcher().predict(rows(*[1.0] * 1000), 1000)

    asyncio.run(run())
    assert model.sizes == [1000]


def test_one_bad_row_fails_its_own_caller_only() -> None:
    model = Model()

    async def run() -> list[list[float] | BaseException]:
        batcher = model.batcher()
        asked = [rows(1.0), rows(1.0, -1.0), rows(2.0), rows(3.0, 13.0)]
        return await asyncio.gather(
            *(batcher.predict(given, len(given["x"])) for given in asked), return_exceptions=True
        )

    good, bad, also_good, nan = asyncio.run(run())
    assert (good, also_good) == ([2.0], [4.0])
    assert isinstance(bad, UserCodeFailed)
    assert "row 1" in bad.detail
    assert "negative" in bad.detail
    assert isinstance(nan, UserCodeFailed)
    assert "row 1: the model's output is not a number" in nan.detail


def test_too_many_waiting_rows_are_refused_and_the_rest_answered() -> None:
    model = Model()

    async def run() -> None:
        batcher = model.batcher(queue_rows=10)
        model.free.clear()
        running = asyncio.ensure_future(batcher.predict(rows(1.0), 1))
        await asyncio.sleep(0.05)
        waiting = [asyncio.ensure_future(batcher.predict(rows(2.0), 1)) for _ in range(10)]
        await asyncio.sleep(0.05)
        with pytest.raises(Overloaded):
            await batcher.predict(rows(3.0), 1)
        model.free.set()
        assert await asyncio.gather(running, *waiting) == [[2.0], *[[4.0]] * 10]

    asyncio.run(run())


def test_a_row_whose_deadline_passed_is_not_predicted() -> None:
    model = Model()

    async def run() -> None:
        batcher = model.batcher()
        model.free.clear()
        running = asyncio.ensure_future(batcher.predict(rows(1.0), 1))
        await asyncio.sleep(0.05)
        late = asyncio.ensure_future(batcher.predict(rows(2.0), 1, deadline=time.monotonic() + 0.01))
        await asyncio.sleep(0.05)
        model.free.set()
        assert await running == [2.0]
        with pytest.raises(Overloaded, match="deadline"):
            await late
        assert await batcher.predict(rows(5.0), 1) == [10.0]

    asyncio.run(run())
    assert model.sizes == [1, 1]


def test_a_model_that_calls_exit_ends_its_answer_not_the_gateway() -> None:
    async def run() -> None:
        batcher = Model().batcher()
        with pytest.raises(UserCodeFailed, match="SystemExit"):
            await batcher.predict(rows(-2000.0), 1)
        assert await batcher.predict(rows(2.0), 1) == [4.0]

    asyncio.run(run())
