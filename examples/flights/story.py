"""Tells in plain words what the platform does and why, from its own event log."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

import pomona
from pomona.core.records import Entry
from pomona.serving.records import ValueLedger

TOLD = (
    "data.version_committed",
    "jobs.finished",
    "loop.reaction_decided",
    "loop.retraining_ended",
    "monitoring.incident_closed",
    "monitoring.incident_opened",
    "registry.gate_checked",
    "releases.decided",
    "releases.started",
)


class Names:
    """Ids in the platform's reasons, as a person calls them: ``mv_01k...`` is model v3."""

    def __init__(self, client: pomona.Client) -> None:
        self._client = client
        self._known: dict[str, str] = {}

    def of(self, record_id: str) -> str:
        """What to call a model version, data version or anything else."""
        if record_id not in self._known:
            self._known[record_id] = self._ask(record_id)
        return self._known[record_id]

    def in_words(self, text: str) -> str:
        """A reason with the ids replaced by names."""
        return re.sub(r"\b(mv|ver|rel|job)_[0-9a-z]{26}\b", lambda found: self.of(found.group()), text)

    def _ask(self, record_id: str) -> str:
        match record_id.partition("_")[0]:
            case "mv":
                return f"model v{self._client.models.version(record_id).version.number}"
            case "ver":
                return self._client.data.version(record_id).ref
            case "rel":
                candidate = self._client.releases.get(record_id).candidate
                return f"the canary of {self.of(candidate)}" if candidate else "the release"
        return "a job"


class Story:
    """Reads what is new in the event log and says it, with the date of the flights.

    Args:
        say: Takes a line with Rich markup.
    """

    def __init__(self, client: pomona.Client, say: Callable[[str], None], *, after: int) -> None:
        self._client = client
        self._say = say
        self._after = after
        self.names = Names(client)
        self._tell: dict[str, Callable[[Entry, dict[str, Any]], str | None]] = {
            "data.version_committed": self._committed,
            "jobs.finished": self._finished,
            "loop.reaction_decided": self._reacted,
            "loop.retraining_ended": self._retrained,
            "monitoring.incident_closed": self._closed,
            "monitoring.incident_opened": self._opened,
            "registry.gate_checked": self._gated,
            "releases.decided": self._decided,
            "releases.started": self._started,
        }

    def catch_up(self, now: datetime) -> int:
        """Tell everything that happened since the last call; returns how many lines that took."""
        lines = 0
        while news := self._news():
            for entry in news:
                line = self._tell[entry.type](entry, entry.data)
                if line is not None:
                    self._say(f"[dim]{now:%d %b}[/dim]  {line}")
                    lines += 1
            self._after = news[-1].seq
        return lines

    def _news(self) -> list[Entry]:
        return self._client.session.get(
            "/api/v1/events",
            list[Entry],
            after=self._after,
            limit=500,
            newest_first=False,
            event_type=",".join(TOLD),
        )

    def _words(self, text: str) -> str:
        return escape(self.names.in_words(text))

    def _committed(self, entry: Entry, data: dict[str, Any]) -> str:
        line = f"new data      {data['dataset']}@v{data['number']}: {data['rows_added']:,} more flights"
        if data["quality"] == "green":
            return f"{line}, every check is green"
        report = self._client.data.version(entry.subject).quality()
        odd = "; ".join(
            f"{result.name}: {result.detail}" for result in report.results if result.quality != "green"
        )
        colour = "yellow" if data["quality"] == "warn" else "red"
        return f"{line}, [{colour}]checks {data['quality']}[/{colour}]: {escape(odd)}"

    def _finished(self, entry: Entry, data: dict[str, Any]) -> str | None:
        if data["state"] == "done":
            return None
        why = self._words(data["error"] or "no reason given")
        return f"[red]job {data['state']}[/red]    {data['kind']}: {why}"

    def _reacted(self, entry: Entry, data: dict[str, Any]) -> str:
        reason = self._words(data["reason"])
        if data["fired"]:
            return f"[bold cyan]RETRAINING[/bold cyan]    {data['trigger']}: {reason}"
        return f"[dim]no retraining {data['trigger']}: {reason}[/dim]"

    def _retrained(self, entry: Entry, data: dict[str, Any]) -> str | None:
        if data["outcome"] != "failed":
            return None  # the gate has said it already
        return f"[red]retraining failed[/red] {self._words(data['reason'])}"

    def _opened(self, entry: Entry, data: dict[str, Any]) -> str:
        return f"[bold red]INCIDENT[/bold red]      {data['kind']}: {self._words(data['summary'])}"

    def _closed(self, entry: Entry, data: dict[str, Any]) -> str:
        return f"incident over {self._words(data['reason'])}"

    def _gated(self, entry: Entry, data: dict[str, Any]) -> str:
        said = "[green]lets[/green]" if data["passed"] else "[yellow]REFUSES[/yellow]"
        rest = " pass" if data["passed"] else ""
        return f"the gate      {said} model v{data['number']}{rest}: {self._words(data['reason'])}"

    def _started(self, entry: Entry, data: dict[str, Any]) -> str | None:
        if data["strategy"] != "canary":
            return None  # what follows a verdict, which has been told
        candidate, champion = self.names.of(data["candidate"]), self.names.of(data["champion"])
        return (
            f"[cyan]CANARY[/cyan]        {candidate} answers {data['share']:.0%} of the flight numbers, "
            f"{champion} the others"
        )

    def _decided(self, entry: Entry, data: dict[str, Any]) -> str:
        what = {
            "promote": "[bold green]PROMOTED[/bold green]     ",
            "roll_back": "[bold yellow]ROLLED BACK[/bold yellow]  ",
        }.get(data["verdict"], f"[red]{data['verdict']}[/red]")
        return f"{what} {self.names.of(data['champion'])} serves from now on: {self._words(data['reason'])}"


class Display:
    """Lines that stay, and on a terminal a bar below them; elsewhere a plain line a month."""

    def __init__(self, console: Console, *, flights: int) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[money]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=flights, money="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def say(self, line: str) -> None:
        """A line that stays."""
        self._progress.console.print(line, highlight=False, soft_wrap=not self._console.is_terminal)

    def at(self, now: datetime, *, flights: int, money: Decimal) -> None:
        """Where the year is."""
        self._progress.update(
            self._task,
            completed=flights,
            description=f"{now:%d %b %Y}  {flights:>9,} flights",
            money=f"with model {money:>+9,.0f} USD, without +0",
        )

    def month(self, last_day: date, ledger: ValueLedger) -> None:
        """A month is over."""
        self.say(
            f"[bold]{last_day:%B}[/bold] is over: {ledger.predictions:,} flights so far, "
            f"[bold]{ledger.value:+,.0f} {ledger.currency}[/bold] with the model, "
            f"{ledger.value_without:+,.0f} without"
        )
