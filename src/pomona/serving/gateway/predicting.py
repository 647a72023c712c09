"""The path of one request: assign, check, predict, journal, answer. The same for all three protocols."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from pomona.core.errors import Invalid, TooLarge, Unavailable, UserCodeFailed
from pomona.core.ids import new_id
from pomona.core.ports import Clock
from pomona.releases.records import Arm, Assignment
from pomona.serving.gateway.answers import Answered, Answers
from pomona.serving.gateway.columns import Columns, check_columns
from pomona.serving.gateway.live import LiveEndpoint
from pomona.serving.gateway.writer import JournalWriter
from pomona.serving.journal import JournalRow, frame_of
from pomona.serving.rules import prediction_id

MAX_ROWS = 10_000
MAX_NAME = 200
_FIRST_YEAR, _LAST_YEAR = 1900, 2199  # any other event time is a mistake


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A request, whichever protocol it came by."""

    columns: Columns  # all of one length
    rows: int
    units: Sequence[str] | None = None
    ids: Sequence[str] | None = None
    at: Sequence[datetime] | None = None
    deadline_ms: float | None = None
    began: float = msgspec.field(default_factory=time.perf_counter)


class _Row(msgspec.Struct):
    """One row on its way to a model."""

    position: int
    id: str
    key: str | None
    unit: str
    choice: Assignment


class _Part(msgspec.Struct, kw_only=True):
    """The rows of a request that one model answers."""

    rows: list[_Row]
    columns: Columns
    model_version: str
    outputs: list[Any] = []
    failure: str | None = None


class Predictor:
    """Answers calls and journals what it answered."""

    def __init__(self, journal: JournalWriter, answers: Answers, clock: Clock) -> None:
        self._journal, self._answers, self._clock = journal, answers, clock
        self._coming: dict[str, asyncio.Future[Answered]] = {}  # named rows being answered right now
        self.answers_ready = asyncio.Event()

    async def predict(self, endpoint: LiveEndpoint, call: Call) -> list[Answered]:
        """One answer per row, durable as the endpoint says; a row told again gets its first answer.

        Raises:
            Invalid: If the rows do not fit the model. Nothing of the request is stored then.
            Overloaded: If the model or the journal cannot keep up.
        """
        check_call(call)
        if call.ids is None:
            rows = self._fresh_rows(endpoint, call)
            return await self._answer(endpoint, call, rows)
        await self.answers_ready.wait()
        return await self._answer_named(endpoint, call, call.ids)

    def _fresh_rows(self, endpoint: LiveEndpoint, call: Call) -> list[_Row]:
        now, rows, units = self._clock.now(), [], _units(endpoint, call)
        for position in range(call.rows):
            row_id = new_id("prd", now)
            unit = units[position] if units else row_id
            rows.append(_Row(position, row_id, None, unit, endpoint.assign(unit)))
        return rows

    async def _answer_named(self, endpoint: LiveEndpoint, call: Call, keys: Sequence[str]) -> list[Answered]:
        ids = [prediction_id(endpoint.route.name, key) for key in keys]
        known = {row_id: answer for row_id in ids if (answer := self._answers.find(row_id))}
        others = {row_id: self._coming[row_id] for row_id in ids if row_id in self._coming}
        rows, units = [], _units(endpoint, call)
        for position, (row_id, key) in enumerate(zip(ids, keys, strict=True)):
            if row_id not in known and row_id not in others:
                unit = units[position] if units else key
                rows.append(_Row(position, row_id, key, unit, endpoint.assign(unit)))
        if rows:
            known |= await self._answer_once(endpoint, call, rows)
        for row_id, future in others.items():
            known[row_id] = await asyncio.shield(future)
        return [known[row_id] for row_id in ids]

    async def _answer_once(self, endpoint: LiveEndpoint, call: Call, rows: list[_Row]) -> dict[str, Answered]:
        """Answer rows that have a name, holding the names so that a parallel retry waits for this answer."""
        loop = asyncio.get_running_loop()
        for row in rows:
            self._coming[row.id] = loop.create_future()
        work = asyncio.ensure_future(self._answer(endpoint, call, rows))
        work.add_done_callback(lambda done: self._settle(rows, done))
        answers = await asyncio.shield(work)  # it goes on when the caller hangs up: it may be journalled
        return {answer.prediction_id: answer for answer in answers}

    def _settle(self, rows: list[_Row], done: "asyncio.Future[list[Answered]]") -> None:
        stopped = Unavailable("the gateway is shutting down", hint="send the request again in a second")
        error = stopped if done.cancelled() else done.exception()
        answers = [] if error else done.result()
        for index, row in enumerate(rows):
            future = self._coming.pop(row.id)
            if error is not None:
                future.set_exception(error)
                future.exception()  # nobody may be waiting; that is no fault
            else:
                self._answers.remember(answers[index])
                future.set_result(answers[index])

    async def _answer(self, endpoint: LiveEndpoint, call: Call, rows: list[_Row]) -> list[Answered]:
        """The answers of ``rows``, in their order."""
        by_arm: dict[str, list[_Row]] = defaultdict(list)
        for row in rows:
            by_arm[row.choice.arm.name].append(row)
        parts = [_checked(endpoint, call, part, part[0].choice.arm) for part in by_arm.values()]
        deadline = time.monotonic() + call.deadline_ms / 1000 if call.deadline_ms else None
        await asyncio.gather(*(_ask(endpoint, call, part, deadline) for part in parts))
        request, answered_us = new_id("req", self._clock.now()), _us(self._clock.now())
        took_us = round((time.perf_counter() - call.began) * 1e6)
        answers: dict[int, Answered] = {}
        frames: list[bytes] = []
        for part in parts:
            cells = zip(*part.columns.values(), strict=True)
            for row, values, output in zip(part.rows, cells, part.outputs, strict=True):
                filled = dict(zip(part.columns, values, strict=True))
                journalled = _row(endpoint, call, part, row, filled, output, request, answered_us, took_us)
                frames.append(frame_of(journalled))
                answers[row.position] = Answered(
                    row.id, output, journalled.decision, journalled.arm, journalled.model_version
                )
        await self._store(endpoint, frames)
        return [answers[row.position] for row in rows]

    async def _store(self, endpoint: LiveEndpoint, frames: list[bytes]) -> None:
        durable = self._journal.append(frames)
        if endpoint.route.durability == "commit":
            await durable
        else:
            durable.add_done_callback(lambda done: done.exception())  # said in /status by the journal


def check_call(call: Call) -> None:
    """Refuse a request whose parts do not fit together.

    Raises:
        Invalid: Naming the part. TooLarge: If it has too many rows.
    """
    if call.rows == 0:
        raise Invalid("the request has no rows", hint="send at least one row")
    if call.rows > MAX_ROWS:
        raise TooLarge(f"{call.rows} rows in one request", hint=f"send at most {MAX_ROWS} at a time")
    for name, values in (("units", call.units), ("ids", call.ids), ("at", call.at)):
        if values is not None and len(values) != call.rows:
            raise Invalid(f"{len(values)} {name} for {call.rows} rows", hint=f"send one of {name} per row")
    for name, texts in (("units", call.units), ("ids", call.ids)):
        if texts is not None and not all(0 < len(text) <= MAX_NAME for text in texts):
            raise Invalid(f"one of {name} is empty or too long", hint=f"1 to {MAX_NAME} characters")
    if call.at is not None and not all(_FIRST_YEAR <= at.year <= _LAST_YEAR for at in call.at):
        raise Invalid(f"one of at is not between {_FIRST_YEAR} and {_LAST_YEAR}", hint="a typo in the year?")
    if call.ids is not None and len(set(call.ids)) != len(call.ids):
        raise Invalid("the same id stands twice in one request", hint="ids name the rows: one each")


def _units(endpoint: LiveEndpoint, call: Call) -> Sequence[str] | None:
    """The units the caller named, or those in the endpoint's unit column."""
    if call.units is not None or endpoint.route.unit_column is None:
        return call.units
    values = call.columns.get(endpoint.route.unit_column)
    units = None if values is None else [str(value) for value in values]
    if units and max(map(len, units)) > MAX_NAME:
        raise Invalid(
            f"a unit in {endpoint.route.unit_column!r} is too long", hint=f"at most {MAX_NAME} characters"
        )
    return units


def _checked(endpoint: LiveEndpoint, call: Call, rows: list[_Row], arm: Arm) -> _Part:
    given = call.columns
    if len(rows) < call.rows:
        given = {name: [values[row.position] for row in rows] for name, values in given.items()}
    columns = check_columns(endpoint.models[arm.model_version].engine.signature, given)
    return _Part(rows=rows, columns=columns, model_version=arm.model_version)


async def _ask(endpoint: LiveEndpoint, call: Call, part: _Part, deadline: float | None) -> None:
    """Fill in the part's outputs. Where a candidate fails and the champion does not, the champion answers."""
    try:
        await _fill(endpoint, part, deadline)
    except UserCodeFailed as error:
        if part.model_version == endpoint.champion.model_version:
            raise
        instead = _checked(endpoint, call, part.rows, endpoint.champion)
        await _fill(endpoint, instead, deadline)
        part.columns, part.model_version = instead.columns, instead.model_version
        part.outputs, part.failure = instead.outputs, error.detail


async def _fill(endpoint: LiveEndpoint, part: _Part, deadline: float | None) -> None:
    batcher = endpoint.models[part.model_version].batcher(endpoint.answer)
    part.outputs = await batcher.predict(part.columns, len(part.rows), deadline=deadline)


def _row(
    endpoint: LiveEndpoint,
    call: Call,
    part: _Part,
    row: _Row,
    cells: dict[str, Any],
    output: Any,
    request: str,
    answered_us: int,
    took_us: int,
) -> JournalRow:
    route = endpoint.route
    return JournalRow(
        id=row.id,
        key=row.key,
        request=request,
        endpoint=route.name,
        release=route.release,
        revision=endpoint.revision,
        model_version=part.model_version,
        arm=row.choice.arm.name,
        probabilities=row.choice.probabilities,
        unit=row.unit,
        input=cells,
        output=output,
        decision=None if route.threshold is None else output > route.threshold,
        at_us=_us(call.at[row.position]) if call.at else answered_us,
        answered_us=answered_us,
        failure=part.failure,
        took_us=took_us,
    )


def _us(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)
