"""Adaptive micro-batches: rows that arrive together are predicted together, and nothing ever waits.

A batch is flushed when the event loop turns idle (no new row came since the last look), so a lone
caller pays no delay, and concurrent callers share one ``predict``. Rows that arrive while a predict
runs form the next batch.
"""

import asyncio
import math
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from pomona.core.errors import Overloaded, PomonaError, UserCodeFailed
from pomona.serving.gateway.columns import Columns
from pomona.serving.gateway.engines import Answer, Engine

FLUSH_ROWS = 64
INLINE_S = 0.002  # a faster predict runs in the event loop: a thread's hop would cost more
QUEUE_ROWS = 20_000
_QUIET_LOOKS = 2


class _Call:
    """The rows one request sends to one model."""

    __slots__ = ("columns", "deadline", "future", "rows")

    def __init__(self, columns: Columns, rows: int, deadline: float | None) -> None:
        self.columns, self.rows, self.deadline = columns, rows, deadline
        self.future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()


class BatchStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What a batcher did since the model was loaded."""

    batches: int
    rows: int
    waiting_rows: int
    predict_ms: float  # smoothed time of one predict call


class Batcher:
    """Collects the rows for one model and one kind of answer."""

    def __init__(self, engine: Engine, answer: Answer, *, queue_rows: int = QUEUE_ROWS) -> None:
        self._engine, self._answer, self._queue_rows = engine, answer, queue_rows
        self._waiting: deque[_Call] = deque()
        self._waiting_rows = self._seen_rows = self._quiet = 0
        self._looking = self._busy = False
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pomona-model")
        self._predict_s: float | None = None
        self._batches = self._rows = 0

    async def predict(self, columns: Columns, rows: int, *, deadline: float | None = None) -> list[Any]:
        """One output per row.

        Args:
            deadline: ``time.monotonic()`` after which the answer is of no use.
        Raises:
            Overloaded: If too many rows wait, or the deadline passed while waiting.
            UserCodeFailed: If the model cannot take these rows.
        """
        if self._waiting_rows and self._waiting_rows + rows > self._queue_rows:
            raise Overloaded(
                f"{self._waiting_rows} rows wait for this model",
                hint="retry after the seconds in Retry-After",
            )
        call = _Call(columns, rows, deadline)
        self._waiting.append(call)
        self._waiting_rows += rows
        self._look()
        return await call.future

    def status(self) -> BatchStatus:
        """Counters since the model was loaded."""
        return BatchStatus(
            batches=self._batches,
            rows=self._rows,
            waiting_rows=self._waiting_rows,
            predict_ms=round(1000 * (self._predict_s or 0), 3),
        )

    def _look(self) -> None:
        if not (self._looking or self._busy):
            self._looking, self._quiet, self._seen_rows = True, 0, self._waiting_rows
            asyncio.get_running_loop().call_soon(self._flush_if_idle)

    def _flush_if_idle(self) -> None:
        grew, self._seen_rows = self._waiting_rows > self._seen_rows, self._waiting_rows
        self._quiet = 0 if grew else self._quiet + 1
        if self._waiting_rows < FLUSH_ROWS and self._quiet < _QUIET_LOOKS:
            asyncio.get_running_loop().call_soon(self._flush_if_idle)
            return
        self._looking = False
        self._flush()

    def _take(self) -> list[_Call]:
        taken: list[_Call] = []
        rows = 0
        while self._waiting and (not taken or rows + self._waiting[0].rows <= FLUSH_ROWS):
            call = self._waiting.popleft()
            self._waiting_rows -= call.rows
            if call.future.done():  # its caller went away
                continue
            if call.deadline is not None and time.monotonic() > call.deadline:
                call.future.set_exception(
                    Overloaded("the deadline passed before the model was free", hint="allow more deadline_ms")
                )
                continue
            taken.append(call)
            rows += call.rows
        return taken

    def _flush(self) -> None:
        calls = self._take()
        if not calls:
            if self._waiting:
                self._look()
            return
        if self._predict_s is not None and self._predict_s < INLINE_S and calls[0].rows <= FLUSH_ROWS:
            self._finish(calls, self._timed(calls))
            return
        self._busy = True
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, self._timed, calls)
        work.add_done_callback(lambda done: self._finish(calls, done.result()))

    def _finish(self, calls: list[_Call], results: list[list[Any] | PomonaError]) -> None:
        self._busy = False
        for call, result in zip(calls, results, strict=True):
            if call.future.done():
                continue
            if isinstance(result, PomonaError):
                call.future.set_exception(result)
            else:
                call.future.set_result(result)
        if self._waiting:
            self._look()

    def _timed(self, calls: list[_Call]) -> list[list[Any] | PomonaError]:
        start = time.perf_counter()
        results = run_calls(self._engine, self._answer, [call.columns for call in calls])
        took = time.perf_counter() - start
        self._batches += 1
        self._rows += sum(call.rows for call in calls)
        if calls[0].rows <= FLUSH_ROWS:
            self._predict_s = took if self._predict_s is None else 0.9 * self._predict_s + 0.1 * took
        return results


def run_calls(engine: Engine, answer: Answer, calls: list[Columns]) -> list[list[Any] | PomonaError]:
    """Predict several requests at once; if that fails, each alone, so that one cannot spoil the others."""
    if len(calls) > 1 and all(call.keys() == calls[0].keys() for call in calls):
        merged = {name: [value for call in calls for value in call[name]] for name in calls[0]}
        outputs = _try(engine, answer, merged)
        if isinstance(outputs, list) and not any(map(_is_nan, outputs)):
            return _split(outputs, [_height(call) for call in calls])
    return [_alone(engine, answer, call) for call in calls]


def _split(outputs: list[Any], sizes: list[int]) -> list[list[Any] | PomonaError]:
    parts: list[list[Any] | PomonaError] = []
    start = 0
    for size in sizes:
        parts.append(outputs[start : start + size])
        start += size
    return parts


def _alone(engine: Engine, answer: Answer, columns: Columns) -> list[Any] | PomonaError:
    outputs = _try(engine, answer, columns)
    if isinstance(outputs, list):
        for row, output in enumerate(outputs):
            if _is_nan(output):
                return UserCodeFailed(
                    f"row {row}: the model's output is not a number", hint="nothing was stored"
                )
        return outputs
    rows = _height(columns)
    for row in range(min(rows, FLUSH_ROWS)) if rows > 1 else ():
        error = _try(engine, answer, {name: [values[row]] for name, values in columns.items()})
        if isinstance(error, PomonaError):
            return UserCodeFailed(f"row {row}: {error.detail}", hint=error.hint, extra={"row": row})
    return outputs


def _try(engine: Engine, answer: Answer, columns: Columns) -> list[Any] | PomonaError:
    try:
        return engine.predict(columns, answer)
    except PomonaError as error:
        return error
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the model's own code: anything can come out of it
        return UserCodeFailed(
            f"the model cannot take this: {type(error).__name__}: {str(error)[:300]}",
            hint="check nulls and unseen values against what the model was trained on; nothing was stored",
        )


def _height(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def _is_nan(output: Any) -> bool:
    return isinstance(output, float) and math.isnan(output)
