"""The circle now: what each stage holds, and what waits for a person."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from pomona.circle.describe import Services
from pomona.circle.records import Balance, CircleState, Fact, Need, Stage, StageMood, StageState
from pomona.core.errors import Invalid
from pomona.core.ports import Clock, Ledger
from pomona.core.records import Entry
from pomona.loop.records import Reaction
from pomona.training.records.runs import Run, SearchRuns

_LOOKED_AT, _TOLD = 500, 12  # entries of the ledger
_STEADY = frozenset({"serving.predictions_folded", "serving.outcomes_recorded", "monitoring.window_closed"})
_FRESH_S = 2.0  # the page is looked at by many, computed at most this often
_SUMMED_EVERY_S = 60.0  # what training cost: summed over every run
_TITLES: dict[Stage, str] = {
    "business": "Business",
    "data": "Data",
    "training": "Training & registry",
    "releases": "Releases",
    "serving": "Serving",
    "monitoring": "Monitoring",
    "loop": "The loop",
}


class CircleService:
    """The home page's state, computed from every stage's own use cases."""

    def __init__(self, services: Services, ledger: Ledger, clock: Clock) -> None:
        self._of = services
        self._ledger = ledger
        self._clock = clock
        self._last: CircleState | None = None
        self._fresh_until = clock.now()
        self._spent: tuple[str, Decimal] | None = None
        self._summed_until = clock.now()

    def now(self) -> CircleState:
        """The state of the whole circle, at most two seconds old."""
        if self._last is None or self._clock.now() >= self._fresh_until:
            earned = self._earned()
            stages: list[Callable[[], StageState]] = [
                self._business,
                self._data,
                self._training,
                self._releases,
                lambda: self._serving(earned),
                self._monitoring,
            ]
            self._last = CircleState(
                stages=[stage() for stage in stages],
                loop=self._loop(),
                latest=told_once(self._ledger.entries(newest_first=True, limit=_LOOKED_AT))[:_TOLD],
                money=self._money(earned),
            )
            self._fresh_until = self._clock.now() + timedelta(seconds=_FRESH_S)
        return self._last

    def _business(self) -> StageState:
        found = self._of.business.hypotheses(limit=1000).items
        if not found:
            return _empty("business", "No hypothesis yet: what should get better, and what is that worth?")
        undecided = [h for h in found if h.state == "open"]
        needs = [
            Need(text=f"{h.name}: decide go, kill or pivot", link=f"/business/{h.id}") for h in undecided[:5]
        ]
        going = sum(h.state == "go" for h in found)
        facts = _facts(hypotheses=len(found), go=going, undecided=len(undecided))
        return _stage("business", found[0].statement, facts, needs)

    def _data(self) -> StageState:
        datasets = self._of.data.datasets(limit=1000).items
        if not datasets:
            return _empty("data", "No dataset yet: commit a table and it becomes a version.")
        newest = self._of.data.newest()
        bad = [version for version in newest if version.quality in ("fail", "critical")]
        needs = [
            Need(
                text=f"{version.dataset} v{version.number} failed its checks",
                link=f"/data/versions/{version.id}",
            )
            for version in bad[:5]
        ]
        rows = sum(version.rows for version in newest)
        facts = _facts(datasets=len(datasets), versions=sum(v.number for v in newest), rows=f"{rows:,}")
        last = max(newest, key=lambda version: version.created_at, default=None)
        said = (
            f"{last.dataset} v{last.number}: {last.rows:,} rows, checks {last.quality}"
            if last
            else "no version"
        )
        return _stage("data", said, facts, needs)

    def _training(self) -> StageState:
        models, _ = self._of.registry.search.models(limit=1000)
        runs = self._newest_runs()
        if not runs and not models:
            return _empty("training", "No run yet: point any MLflow client here, or store a training entry.")
        champions = [model for model in models if "champion" in model.aliases]
        running = [run for run in runs if run.status == "RUNNING"]
        entries = self._of.entries.entries(limit=1000).items
        facts = _facts(models=len(models), champions=len(champions), entries=len(entries))
        said = f"{runs[0].name}: {runs[0].status.lower()}" if runs else f"{len(models)} models"
        return _stage("training", said, facts, [], busy=bool(running))

    def _newest_runs(self) -> list[Run]:
        experiments = [experiment.id for experiment in self._of.tracking.experiments.search(limit=1000)[0]]
        if not experiments:
            return []
        return self._of.tracking.search(SearchRuns(experiments=experiments, limit=20)).runs

    def _releases(self) -> StageState:
        plans = self._of.releases.plans()
        if not plans:
            return _empty("releases", "Nothing is released: start a model version on an endpoint.")
        canaries = [plan.release for plan in plans if plan.release.strategy == "canary"]
        facts = _facts(endpoints=len(plans), canaries=len(canaries))
        if canaries:
            verdict = canaries[0].verdict
            said = verdict.reason if verdict else f"a canary on {canaries[0].endpoint} gathers evidence"
        else:
            last = max((plan.release for plan in plans), key=lambda release: release.started_at)
            said = f"{last.endpoint}: {last.reason}"
        return _stage("releases", said, facts, [], busy=bool(canaries))

    def _serving(self, earned: dict[str, Decimal]) -> StageState:
        endpoints = self._of.releases.endpoints(limit=1000).items
        if not endpoints:
            return _empty("serving", "No endpoint yet: `pomona endpoints create` makes one.")
        days = [day for endpoint in endpoints for day in self._of.serving.per_day(endpoint.name)]
        total, matched = sum(day[1] for day in days), sum(day[2] for day in days)
        waiting = len(self._of.serving.waiting_outcomes(limit=1000))
        facts = _facts(predictions=f"{total:,}", outcomes=f"{matched:,}")
        facts += [Fact(label="earned", value=f"{value:+,.0f} {name}") for name, value in earned.items()]
        said = "1 outcome names" if waiting == 1 else f"{waiting:,} outcomes name"
        needs = [Need(text=f"{said} no known prediction", link="/serving/outcomes")] if waiting else []
        return _stage("serving", f"{total:,} predictions answered", facts, needs)

    def _earned(self) -> dict[str, Decimal]:
        """By currency, what all endpoints earned more than without a model."""
        found: dict[str, Decimal] = {}
        for endpoint in self._of.releases.endpoints(limit=1000).items:
            if endpoint.payoffs is not None:
                ledger = self._of.serving.value_ledger(endpoint.name)
                found[ledger.currency] = found.get(ledger.currency, Decimal(0)) + ledger.uplift
        return found

    def _money(self, earned: dict[str, Decimal]) -> list[Balance]:
        if self._clock.now() >= self._summed_until:
            self._spent = self._spent_on_training()
            self._summed_until = self._clock.now() + timedelta(seconds=_SUMMED_EVERY_S)
        spent = dict([self._spent] if self._spent else [])
        return [
            Balance(currency=name, earned=earned.get(name), spent=spent.get(name))
            for name in sorted(earned.keys() | spent.keys())
        ]

    def _spent_on_training(self) -> tuple[str, Decimal] | None:
        if not self._of.tracking.reports.has_prices():
            return None
        try:
            found = self._of.tracking.reports.spent()
        except Invalid:  # prices that cannot be read: the pages of cost say so, this one has more to show
            return None
        return None if found.amount is None else (found.currency, found.amount)

    def _monitoring(self) -> StageState:
        monitors = self._of.monitoring.monitors(limit=1000).items
        if not monitors:
            return _empty("monitoring", "Nothing is watched: `pomona monitors create` watches an endpoint.")
        still_open = self._of.monitoring.incidents(incident_state="open", limit=1000).items
        unseen = [incident for incident in still_open if incident.acknowledged_at is None]
        needs = [
            Need(text=incident.summary, link=f"/monitoring/incidents/{incident.id}")
            for incident in unseen[:5]
        ]
        windows = self._of.monitoring.windows(limit=1).items
        said = windows[0].summary if windows else "the first window is not over yet"
        return _stage(
            "monitoring", said, _facts(monitors=len(monitors), open_incidents=len(still_open)), needs
        )

    def _loop(self) -> StageState:
        triggers = self._of.loop.triggers(limit=1000).items
        stuck = [
            job for state in ("failed", "parked") for job in self._of.jobs.page(state=state, limit=5).items
        ]
        needs = [
            Need(text=f"{job.kind} {job.state}: {job.error}", link=f"/loop/jobs/{job.id}") for job in stuck
        ]
        if not triggers and not needs:
            return _empty("loop", "No trigger yet: nothing retrains by itself.")
        reactions = self._of.loop.reactions(limit=1).items
        working = [job for job in self._of.jobs.open() if job.state == "running"]
        said = (
            working[0].note
            if working
            else (_decided(reactions[0]) if reactions else "nothing to react to yet")
        )
        facts = _facts(triggers=sum(trigger.enabled for trigger in triggers), running=len(working))
        return _stage("loop", said, facts, needs, busy=bool(working))


def told_once(newest_first: list[Entry]) -> list[Entry]:
    """Of what comes all the time only the newest by kind and endpoint: it would hide the rest."""
    told: set[tuple[str, object]] = set()
    kept = []
    for entry in newest_first:
        kind = (entry.type, entry.data.get("endpoint", entry.subject))
        if entry.type not in _STEADY or kind not in told:
            kept.append(entry)
        told.add(kind)
    return kept


def _decided(reaction: Reaction) -> str:
    return f"{reaction.trigger} {'fired' if reaction.fired else 'held back'}: {reaction.reason}"


def _empty(stage: Stage, headline: str) -> StageState:
    return StageState(stage=stage, title=_TITLES[stage], state="empty", headline=headline)


def _stage(
    stage: Stage, headline: str, facts: list[Fact], needs: list[Need], *, busy: bool = False
) -> StageState:
    mood: StageMood = "attention" if needs else ("busy" if busy else "ok")
    return StageState(
        stage=stage, title=_TITLES[stage], state=mood, headline=headline, facts=facts, needs=needs
    )


def _facts(**values: object) -> list[Fact]:
    return [Fact(label=name.replace("_", " "), value=str(value)) for name, value in values.items()]
