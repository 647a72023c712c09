"""How each kind of record is shown as a node of a trace."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from pomona.business.service import BusinessService
from pomona.circle.records import Fact, TraceEdge, TraceNode
from pomona.circle.trace import Describe, Described
from pomona.core.records import Money
from pomona.data.filesets.looking import FileSetReader
from pomona.data.filesets.service import FileSetService
from pomona.data.records import Origin
from pomona.jobs.service import JobService
from pomona.loop.service import LoopService
from pomona.monitoring.service import MonitoringService
from pomona.registry.approvals.service import ApprovalService
from pomona.registry.service import RegistryService
from pomona.releases.service import ReleaseService
from pomona.serving.records import Outcome, Prediction
from pomona.serving.service import ServingService
from pomona.training.code.rules import said_of
from pomona.training.rules.views import code_of
from pomona.training.service.entries import EntryService
from pomona.training.service.tracking import TrackingService

if TYPE_CHECKING:
    from pomona.data.marts.service import MartService
    from pomona.data.service import DataService
    from pomona.data.sources.service import SourceService
    from pomona.serving.archive.service import Archive


class Services(Protocol):
    """The services whose records a trace meets; the composition root has them all."""

    @property
    def business(self) -> BusinessService: ...
    @property
    def data(self) -> "DataService": ...
    @property
    def sources(self) -> "SourceService": ...
    @property
    def marts(self) -> "MartService": ...
    @property
    def files(self) -> FileSetService: ...
    @property
    def file_reader(self) -> FileSetReader: ...
    @property
    def tracking(self) -> TrackingService: ...
    @property
    def entries(self) -> EntryService: ...
    @property
    def registry(self) -> RegistryService: ...
    @property
    def approvals(self) -> ApprovalService: ...
    @property
    def releases(self) -> ReleaseService: ...
    @property
    def serving(self) -> ServingService: ...
    @property
    def archive(self) -> "Archive": ...
    @property
    def monitoring(self) -> MonitoringService: ...
    @property
    def loop(self) -> LoopService: ...
    @property
    def jobs(self) -> JobService: ...


class Describer:
    """Shows records as nodes."""

    def __init__(self, services: Services) -> None:
        self._of = services

    def by_kind(self) -> Mapping[str, Describe]:
        """By id prefix, how to describe such a record."""
        return {
            "prd": self.prediction,
            "end": self.endpoint,
            "rel": self.release,
            "mv": self.model_version,
            "mdl": self.model,
            "gat": self.gate,
            "apr": self.approval,
            "run": self.run,
            "ent": self.entry,
            "ver": self.data_version,
            "src": self.source,
            "dat": self.dataset,
            "fsv": self.file_set_version,
            "fst": self.file_set,
            "mrt": self.mart,
            "bld": self.mart_build,
            "hyp": self.hypothesis,
            "dec": self.decision,
            "inc": self.incident,
            "win": self.window,
            "rea": self.reaction,
            "job": self.job,
        }

    def prediction(self, record_id: str) -> Described:
        """A prediction: what was answered, for whom, by which version; and what came of it."""
        seen = self._of.serving.prediction(record_id)
        endpoint = self._of.releases.endpoint(seen.endpoint)
        node = TraceNode(
            id=seen.id,
            kind="prediction",
            stage="serving",
            title=f"{seen.endpoint}: {_output(seen.output)}",
            state={None: "", True: "yes", False: "no"}[seen.decision],
            at=seen.at,
            facts=_facts(
                unit=seen.unit,
                arm=f"{seen.arm} ({_chances(seen.probabilities)})",
                asked=", ".join(f"{name} {value}" for name, value in list(seen.input.items())[:6]),
            ),
        )
        edges = [
            TraceEdge(source=seen.id, relation="answered_by", target=seen.model_version),
            TraceEdge(source=seen.id, relation="answered_under", target=seen.release),
            TraceEdge(source=seen.id, relation="answered_at", target=endpoint.id),
        ]
        forward = [_outcome(seen, outcome) for outcome in seen.outcomes]
        currency = endpoint.payoffs.currency if endpoint.payoffs else ""
        if seen.value is not None:
            forward.append(_money(seen, currency))
        edges += [TraceEdge(source=seen.id, relation="led_to", target=end.id) for end in forward]
        return Described(node=node, edges=edges, neighbours=forward)

    def endpoint(self, record_id: str) -> Described:
        """An endpoint."""
        found = self._of.releases.endpoint(record_id)
        facts = _facts(model=found.model, threshold=found.threshold, durability=found.durability)
        return _node(record_id, "endpoint", "serving", found.name, at=found.created_at, facts=facts)

    def release(self, record_id: str) -> Described:
        """A release, with its newest verdict."""
        found = self._of.releases.release(record_id)
        share = f"{found.share:.0%} of units" if found.candidate else None
        facts = _facts(why=found.reason, candidate=share, verdict=found.verdict and found.verdict.reason)
        title = f"{found.strategy} on {found.endpoint}"
        return _node(
            record_id, "release", "releases", title, state=found.state, at=found.started_at, facts=facts
        )

    def model_version(self, record_id: str) -> Described:
        """A model version, with the metrics it was registered with."""
        found = self._of.registry.version(record_id)
        metrics = {name: _number(value) for name, value in list(found.metrics.items())[:4]}
        facts = _facts(**(metrics | {"digest": found.digest[:16], "aliases": ", ".join(found.aliases)}))
        title = f"{found.model} v{found.number}"
        return _node(
            record_id,
            "model version",
            "registry",
            title,
            state=found.status,
            at=found.created_at,
            facts=facts,
        )

    def model(self, record_id: str) -> Described:
        """A model: the name its versions share."""
        found = self._of.registry.detail(record_id)
        champion = found.model.aliases.get("champion")
        facts = _facts(versions=len(found.versions), champion=champion and f"v{champion}")
        return _node(record_id, "model", "registry", found.model.name, at=found.model.created_at, facts=facts)

    def gate(self, record_id: str) -> Described:
        """What the gate said about a version, and on which numbers."""
        found = self._of.registry.gate(record_id)
        title = f"{found.model} v{found.number}"
        state = "passed" if found.passed else "refused"
        facts = _facts(why=found.reason)
        return _node(record_id, "gate", "registry", title, state=state, at=found.at, facts=facts)

    def approval(self, record_id: str) -> Described:
        """Who said what about a version: approved, rejected, asked, or took it back."""
        said = self._of.approvals.statement(record_id)
        title, facts = f"{said.kind} by {said.by}", _facts(remark=said.comment, digest=said.digest[:16])
        return _node(record_id, "approval", "registry", title, state=said.kind, at=said.at, facts=facts)

    def run(self, record_id: str) -> Described:
        """A tracked run: its parameters and metrics, and where its code is."""
        found = self._of.tracking.run(record_id)
        metrics = {metric.key: _number(metric.value) for metric in found.metrics[:4]}
        code = self._of.tracking.code.with_changes([code_of(found)])[0]
        told = {"code": said_of(code), "source": code.source}
        facts = _facts(**(metrics | dict(list(found.params.items())[:4]) | told))
        return _node(
            record_id, "run", "training", found.name, state=found.status, at=found.started_at, facts=facts
        )

    def file_set_version(self, record_id: str) -> Described:
        """A version of a file set: how many files, what changed."""
        found = self._of.files.resolve(record_id)
        facts = _facts(
            files=f"{found.files:,}",
            changed=f"+{found.files_added:,} ~{found.files_changed:,} -{found.files_removed:,}",
            digest=found.digest[:16],
            note=found.note,
        )
        title = f"{found.file_set}@v{found.number}"
        return _node(
            record_id,
            "file set version",
            "data",
            title,
            state="dropped" if found.dropped_at else "",
            at=found.created_at,
            facts=facts,
        )

    def file_set(self, record_id: str) -> Described:
        """A file set."""
        found = self._of.files.file_set(record_id)
        facts = _facts(what=found.description, purposes=", ".join(found.purposes))
        return _node(record_id, "file set", "data", found.name, at=found.created_at, facts=facts)

    def entry(self, record_id: str) -> Described:
        """A training entry: a script that can be run again on newer data."""
        found = self._of.entries.entry(record_id)
        facts = _facts(script=found.script, data=found.data.ref, code=found.code[:16])
        title = f"{found.name} v{found.number}"
        return _node(record_id, "training entry", "training", title, at=found.created_at, facts=facts)

    def data_version(self, record_id: str) -> Described:
        """A data version, with what its checks found."""
        found = self._of.data.resolve(record_id)
        report = self._of.data.report(record_id)
        good = sum(result.quality == "green" for result in report.results)
        checks = f"{good} of {len(report.results)} green" if report.results else "none declared"
        span = f"{found.since:%Y-%m-%d} to {found.until:%Y-%m-%d}" if found.since and found.until else None
        facts = _facts(
            rows=f"{found.rows:,}",
            checks=checks,
            covers=span,
            digest=found.digest[:16],
            **_taken(found.origin),
        )
        title = f"{found.dataset}@v{found.number}"
        shown = _node(
            record_id, "data version", "data", title, state=found.quality, at=found.created_at, facts=facts
        )
        return msgspec.structs.replace(shown, before=found.parent)

    def source(self, record_id: str) -> Described:
        """A source that rows came from."""
        found = self._of.sources.source(record_id)
        facts = _facts(where=found.location, owner=found.owner, purpose=found.purpose)
        title = f"{found.name} ({found.kind})"
        return _node(record_id, "source", "data", title, at=found.created_at, facts=facts)

    def dataset(self, record_id: str) -> Described:
        """A dataset."""
        found = self._of.data.dataset(record_id)
        facts = _facts(key=", ".join(found.key), purposes=", ".join(found.purposes))
        return _node(record_id, "dataset", "data", found.name, at=found.created_at, facts=facts)

    def mart(self, record_id: str) -> Described:
        """A mart: the SQL that makes a dataset from others."""
        found = self._of.marts.mart(record_id)
        facts = _facts(reads=", ".join(found.inputs), rebuild=found.cron or found.rebuild, sql=found.sql)
        return _node(record_id, "mart", "data", found.name, at=found.created_at, facts=facts)

    def mart_build(self, record_id: str) -> Described:
        """A build of a mart: the SQL as it was run, on which versions."""
        found = self._of.marts.build_record(record_id)
        facts = _facts(
            sql=found.sql,
            reads=", ".join(one.ref for one in found.inputs),
            why=found.reason,
            warnings="; ".join(warning.message for warning in found.warnings),
            took=f"{found.seconds:.1f} s",
        )
        title = f"SQL of {found.mart}"
        return _node(
            record_id, "mart build", "data", title, state=found.state, at=found.started_at, facts=facts
        )

    def hypothesis(self, record_id: str) -> Described:
        """The idea behind it all."""
        found = self._of.business.hypothesis(record_id)
        facts = _facts(
            statement=found.statement, metric=found.metric, target=f"{found.baseline:g} to {found.target:g}"
        )
        return _node(
            record_id,
            "hypothesis",
            "business",
            found.name,
            state=found.state,
            at=found.created_at,
            facts=facts,
        )

    def decision(self, record_id: str) -> Described:
        """A go / kill decision."""
        found = self._of.business.decision(record_id)
        facts = _facts(reason=found.reason, by=found.by)
        return _node(record_id, "decision", "business", found.verdict, at=found.at, facts=facts)

    def incident(self, record_id: str) -> Described:
        """Something that was wrong with an endpoint."""
        found = self._of.monitoring.incident(record_id)
        facts = _facts(what=found.summary, closed=found.close_reason)
        title = f"{found.kind} on {found.endpoint}"
        return _node(
            record_id, "incident", "monitoring", title, state=found.state, at=found.opened_at, facts=facts
        )

    def window(self, record_id: str) -> Described:
        """A stretch of event time that was read."""
        found = self._of.monitoring.window(record_id)
        title = f"{found.kind} {found.start:%Y-%m-%d} to {found.end:%Y-%m-%d}"
        facts = _facts(what=found.summary)
        return _node(record_id, "window", "monitoring", title, state=found.state, at=found.end, facts=facts)

    def reaction(self, record_id: str) -> Described:
        """Why the loop acted, or did not."""
        found = self._of.loop.reaction(record_id)
        state = "fired" if found.fired else "held back"
        facts = _facts(why=found.reason, result=found.outcome_reason)
        return _node(record_id, "reaction", "loop", found.trigger, state=state, at=found.at, facts=facts)

    def job(self, record_id: str) -> Described:
        """A durable job."""
        found = self._of.jobs.get(record_id)
        facts = _facts(note=found.error or found.note)
        return _node(
            record_id, "job", "loop", found.kind, state=found.state, at=found.created_at, facts=facts
        )


def _node(record_id: str, kind: str, stage: Any, title: str, **more: Any) -> Described:
    return Described(node=TraceNode(id=record_id, kind=kind, stage=stage, title=title, **more))


def _facts(**values: object) -> list[Fact]:
    return [
        Fact(label=name.replace("_", " "), value=str(value))
        for name, value in values.items()
        if value not in (None, "")
    ]


def _taken(origin: Origin | None) -> dict[str, object]:
    """The question asked of a source, and when it was answered."""
    if origin is None:
        return {}
    values = ", ".join(f":{name} = {value}" for name, value in origin.parameters.items())
    at = f"{origin.snapshot_at:%Y-%m-%d %H:%M:%S} UTC" if origin.snapshot_at else None
    return {"source query": " ".join(origin.query.split()), "with": values, "source as of": at}


def _number(value: float) -> str:
    return f"{value:,.0f}" if value.is_integer() else f"{value:.4g}"


def _output(output: Any) -> str:
    return f"{output:.3f}" if isinstance(output, float) else str(output)[:60]


def _chances(probabilities: Mapping[str, float]) -> str:
    return ", ".join(f"{arm} {chance:.0%}" for arm, chance in probabilities.items())


def _outcome(seen: Prediction, outcome: Outcome) -> TraceNode:
    return TraceNode(
        id=f"{seen.id}/{outcome.name}/{outcome.seq}",
        kind="outcome",
        stage="serving",
        title=f"{outcome.name} = {outcome.value:g}",
        at=outcome.at,
        facts=_facts(told=f"{outcome.recorded_at:%Y-%m-%d %H:%M:%S} UTC"),
    )


def _money(seen: Prediction, currency: str) -> TraceNode:
    earned = Money(amount=seen.value or Decimal(0), currency=currency)
    without = seen.value_without or Decimal(0)
    return TraceNode(
        id=f"{seen.id}/value",
        kind="money",
        stage="serving",
        title=f"{earned.amount:+,.2f} {earned.currency}",
        facts=_facts(without_the_model=f"{without:+,.2f} {currency}"),
    )
