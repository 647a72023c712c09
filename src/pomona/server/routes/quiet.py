"""Whether anything is still to do: what a script asks before its next step."""

import asyncio
import time

from litestar import Controller, get
from litestar.params import FromQuery

from pomona.app import App
from pomona.jobs.records import Quiet
from pomona.process import Bell
from pomona.server.wiring import Wired
from pomona.serving.where import ask_gateway

LOOK_S = 0.005
SLOWEST_LOOK_S = 0.1
LONGEST_S = 60.0


class QuietRoutes(Controller):
    """Consequences."""

    path = "/api/v1/quiet"
    tags = ("jobs",)

    @get()
    async def quiet(self, app: Wired, wait_s: FromQuery[float] = 20.0) -> Quiet:
        """Wait until what was told so far has had its consequences, at most ``wait_s`` (up to 60) seconds.

        Then the journal is folded, windows are read, the loop has reacted, no job is open and the gateway
        serves what it should.
        """
        ends = time.monotonic() + (min(wait_s, LONGEST_S) if wait_s > 0 else 0.0)  # not a number: at once
        bell = Bell(app.home)
        number = await asyncio.to_thread(bell.ring)
        # Without a worker process (embedded) every request has done its own housekeeping.
        while number is None and (app.home / "server.json").exists() and time.monotonic() < ends:
            await asyncio.sleep(10 * LOOK_S)
            number = await asyncio.to_thread(bell.ring)
        pause_s = LOOK_S
        while number is not None and bell.answered() < number:
            if time.monotonic() >= ends:
                return await asyncio.to_thread(_busy, app)
            await asyncio.sleep(pause_s)
            pause_s = min(1.1 * pause_s, SLOWEST_LOOK_S)
        while (late := await asyncio.to_thread(_behind, app)) is not None:
            if time.monotonic() >= ends:
                return Quiet(quiet=False, waiting_for=late)
            await asyncio.sleep(10 * LOOK_S)
        return Quiet(quiet=True)


def _busy(app: App) -> Quiet:
    jobs = app.jobs.open()
    return Quiet(
        quiet=False,
        waiting_for=f"{jobs[0].kind} {jobs[0].id} ({jobs[0].state})" if jobs else "the worker's housekeeping",
    )


def _behind(app: App) -> str | None:
    """What the gateway does not serve yet although it should."""
    state = ask_gateway(app.home)
    if state.url is None:
        return None  # no gateway runs on this home
    if state.status is None:
        return "the gateway to answer"
    if state.status["problems"] or state.status["revision"] == app.serving.snapshot().revision:
        return None  # a refused model is no reason to wait: /status says what is wrong with it
    return "the gateway to serve the newest release"
