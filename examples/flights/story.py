"""Tells in plain words what the platform does and why, from its own event log.

Nothing here decides anything: each line is an entry of the log, with its numbers and its reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import pomona
from pomona.core.records import Entry
from pomona.serving.records import ValueLedger

TOLD = (
    "business.decision_made",
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

VERDICTS = {"promote": ("PROMOTED", "bold green"), "roll_back": ("ROLLED BACK", "bold yellow")}
AT_WORK = "another job"  # a retraining that has made nothing yet


class Line(NamedTuple):
    """What happened, in a word or two, and what there is to say about it (with Rich markup)."""

    what: str
    text: str
    style: str = ""


class Names:
    """Ids in the platform's reasons, as a person calls them: ``mv_01k...`` is model v3."""

    def __init__(self, client: pomona.Client) -> None:
        self._client = client
        self._known: dict[str, str] = {}

    def of(self, record_id: str) -> str:
        """What to call a model version, data version or anything else."""
        name = self._known.get(record_id) or self._ask(record_id)
        if name != AT_WORK:
            self._known[record_id] = name
        return name

    def in_words(self, text: str) -> str:
        """A reason with names for ids, and money for the metric, which is what a flight earns on average."""
        text = re.sub(r"\b(mv|ver|rel|job)_[0-9a-z]{26}\b", lambda found: self.of(found.group()), text)
        return re.sub(
            r"\bvalue_per_prediction (-?[\d.e-]+)", lambda found: f"{float(found[1]):.2f} USD a flight", text
        )

    def _ask(self, record_id: str) -> str:
        match record_id.partition("_")[0]:
            case "mv":
                return f"model v{self._client.models.version(record_id).version.number}"
            case "ver":
                return self._client.data.version(record_id).ref
            case "rel":
                candidate = self._client.releases.get(record_id).candidate
                return f"the canary of {self.of(candidate)}" if candidate else "the release"
            case "job":
                version = (self._client.jobs.get(record_id).result or {}).get("version")
                return f"the job that made {self.of(version)}" if version else AT_WORK
        return record_id


class Story:
    """Reads what is new in the event log and says it, with the date of the flights.

    Args:
        say: Takes what happened, and the day of the flights it happened on.
    """

    def __init__(self, client: pomona.Client, say: Callable[[Line, str], None], *, after: int) -> None:
        self._client = client
        self._say = say
        self._after = after
        self.names = Names(client)
        self._tell: dict[str, Callable[[Entry, dict[str, Any]], Line | None]] = {
            "business.decision_made": self._chosen,
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
                    self._say(line, f"{now:%d %b}")
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

    def _chosen(self, entry: Entry, data: dict[str, Any]) -> Line:
        return Line(f"decision: {data['verdict']}", self._words(data["reason"]), "bold")

    def _committed(self, entry: Entry, data: dict[str, Any]) -> Line:
        text = f"{data['dataset']}@v{data['number']}: {data['rows_added']:,} more flights"
        if data["quality"] == "green":
            return Line("new data", f"{text}, every check is green")
        report = self._client.data.version(entry.subject).quality()
        odd = "; ".join(
            f"{result.name}: {result.detail}" for result in report.results if result.quality != "green"
        )
        colour = "yellow" if data["quality"] == "warn" else "red"
        return Line("new data", f"{text}, [{colour}]checks {data['quality']}[/{colour}] ({escape(odd)})")

    def _finished(self, entry: Entry, data: dict[str, Any]) -> Line | None:
        if data["state"] == "done":
            return None
        why = self._words(data["error"] or "no reason given")
        return Line(f"job {data['state']}", f"{data['kind']}: {why}", "red")

    def _reacted(self, entry: Entry, data: dict[str, Any]) -> Line:
        reason = self._words(data["reason"])
        if data["fired"]:
            return Line("RETRAINING", f"{data['trigger']}: {reason}", "bold cyan")
        return Line("left alone", f"[dim]{data['trigger']}: {reason}[/dim]", "dim")

    def _retrained(self, entry: Entry, data: dict[str, Any]) -> Line | None:
        if data["outcome"] != "failed":
            return None  # the gate has said it already
        return Line("failed", f"retraining: {self._words(data['reason'])}", "red")

    def _opened(self, entry: Entry, data: dict[str, Any]) -> Line:
        return Line("INCIDENT", f"{data['kind']}: {self._words(data['summary'])}", "bold red")

    def _closed(self, entry: Entry, data: dict[str, Any]) -> Line:
        kind = self._client.incidents.get(entry.subject).kind
        return Line("incident over", f"{kind}: {self._words(data['reason'])}", "green")

    def _gated(self, entry: Entry, data: dict[str, Any]) -> Line:
        model, reason = f"model v{data['number']}", self._words(data["reason"])
        if data["passed"]:
            return Line("gate: yes", f"{model} passes: {reason}", "green")
        return Line("GATE: NO", f"{model} is not tried on any flight: {reason}", "bold yellow")

    def _started(self, entry: Entry, data: dict[str, Any]) -> Line | None:
        champion = self.names.of(data["champion"])
        if data["strategy"] == "canary":
            shared = f"{self.names.of(data['candidate'])} answers {data['share']:.0%} of the flight numbers"
            return Line("CANARY", f"{shared}, {champion} the others", "bold cyan")
        if entry.actor == "loop":
            return None  # what follows a verdict, which has been told
        return Line("release", f"{champion} answers every flight from now on", "bold")

    def _decided(self, entry: Entry, data: dict[str, Any]) -> Line:
        what, style = VERDICTS.get(data["verdict"], (data["verdict"], "red"))
        champion, reason = self.names.of(data["champion"]), self._words(data["reason"])
        return Line(what, f"{champion} answers every flight from now on: {reason}", style)


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

    def tell(self, line: Line, day: str) -> None:
        """A line of the story that stays: the day, what happened, and why."""
        if not self._console.is_terminal:
            self.say(f"{day}  {line.what:13}  {line.text}")
            return
        row = Table.grid(padding=(0, 2))
        row.add_column(style="dim", no_wrap=True)
        row.add_column(style=line.style, no_wrap=True, min_width=13)
        row.add_column(overflow="fold")
        row.add_row(day, line.what, line.text)
        self._progress.console.print(row, highlight=False)

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
