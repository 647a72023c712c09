"""Use case: two model versions side by side."""

from collections.abc import Callable

from pomona.core.errors import Invalid, NotFound, Refused, Tampered
from pomona.core.latency import Latency
from pomona.core.ports import Blobs
from pomona.data.diff.records import Diff
from pomona.registry.comparing import rules
from pomona.registry.comparing.records import DataChange, ModelDiff, Side
from pomona.registry.intake import REQUIREMENTS
from pomona.registry.records import ModelVersion
from pomona.registry.rules import HOLD_OUT_PREFIXES
from pomona.registry.service import RegistryService
from pomona.stats.metrics import METRICS
from pomona.training.records.runs import Run
from pomona.training.rules.views import code_of
from pomona.training.service.tracking import TrackingService

_MOST_BYTES = 1 << 20  # of a list of packages


class Comparer:
    """Compares model versions, of one model or of two.

    Args:
        data_diff: How one data version became another (the data stage's).
        latency: How long a version took to answer (a later stage's).
    """

    def __init__(
        self,
        registry: RegistryService,
        tracking: TrackingService,
        blobs: Blobs,
        data_diff: Callable[[str, str], Diff],
        latency: Callable[[str], Latency | None] = lambda version: None,
    ) -> None:
        self._registry = registry
        self._tracking = tracking
        self._blobs = blobs
        self._data_diff = data_diff
        self._latency = latency

    def diff(self, before: str, after: str) -> ModelDiff:
        """How ``after`` differs from ``before``.

        Raises:
            NotFound: If there is no such version.
            Invalid: If it is no reference.
        """
        one, other = self._registry.version(before), self._registry.version(after)
        run, run_after = self._run(one), self._run(other)
        sides = self._side(one, run), self._side(other, run_after)
        return ModelDiff(
            before=sides[0],
            after=sides[1],
            same_files=one.digest == other.digest,
            same_code=rules.same_code(sides[0].code, sides[1].code),
            files=rules.files_between(one.files, other.files),
            flavors=rules.values_between(rules.flavor_values(one), rules.flavor_values(other)),
            signature=rules.values_between(
                rules.signature_values(one.signature), rules.signature_values(other.signature)
            ),
            params=rules.values_between(run.params if run else {}, run_after.params if run_after else {}),
            metrics=rules.metrics_between(one.metrics, other.metrics, better),
            data=self._data(one.data_version, other.data_version),
            packages=rules.values_between(self.packages(one), self.packages(other)),
        )

    def _run(self, version: ModelVersion) -> Run | None:
        if version.run_id is None:
            return None
        try:
            return self._tracking.run(version.run_id)
        except NotFound:  # deleted for good
            return None

    def _side(self, version: ModelVersion, run: Run | None) -> Side:
        return Side(
            id=version.id,
            model=version.model,
            number=version.number,
            run=version.run_id,
            aliases=version.aliases,
            stage=version.stage,
            digest=version.digest,
            size=version.size,
            files=len(version.files),
            data_version=version.data_version,
            hypothesis=version.hypothesis,
            environment=version.environment,
            code=self._tracking.code.with_changes([code_of(run)])[0] if run is not None else None,
            gate=next(iter(self._registry.gates(version.id)), None),
            latency=self._latency(version.id),
        )

    def _data(self, before: str | None, after: str | None) -> DataChange:
        plain = DataChange(before=before, after=after, same=before == after and before is not None)
        if before is None or after is None:
            note = (
                "neither says what it was trained on"
                if before == after
                else "one was trained on unversioned data"
            )
            return DataChange(before=before, after=after, same=False, note=note)
        if plain.same:
            return plain
        try:
            found = self._data_diff(before, after)
        except (Invalid, NotFound, Refused, Tampered) as error:  # other keys, another dataset, dropped rows
            return DataChange(before=before, after=after, same=False, note=error.detail)
        return DataChange(
            before=before,
            after=after,
            same=False,
            before_ref=found.before,
            after_ref=found.after,
            added=found.added,
            removed=found.removed,
            changed=found.changed,
        )

    def packages(self, version: ModelVersion) -> dict[str, str]:
        """What a model's own list of requirements asks for, by package; empty if it has none."""
        named = {file.path: file for file in version.files}
        for path in REQUIREMENTS:
            if path in named and named[path].size <= _MOST_BYTES:
                body = self._blobs.get(named[path].digest)
                return rules.packages_in(body.decode(errors="replace"))
        return {}


def better(metric: str) -> str | None:
    """Which way a metric is better, whatever it was measured on; None if it is not known.

    >>> better("test_rmse"), better("roc_auc"), better("epochs")
    ('lower', 'higher', None)
    """
    for prefix in HOLD_OUT_PREFIXES:
        name = metric.removeprefix(prefix)
        if name in METRICS:
            return METRICS[name].direction
    return None
