"""Use cases of many runs at once: their curves, importances, names in use."""

from collections.abc import Sequence
from typing import Any

from pomona.core.errors import Invalid
from pomona.core.ports import Database, Transaction
from pomona.training.records.studies import Curve, Curves, ParamImportance, RunKeys, XAxis
from pomona.training.store import runs as run_store
from pomona.training.store import studies as store
from pomona.training.store.metrics import latest_of

MOST_RUNS = 500
MOST_KEYS = 24
_TABLES = {"params": run_store.params, "tags": run_store.tags}
_NOT_SET = "not set"


class RunStudies:
    """Runs looked at together."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def names(self) -> RunKeys:
        """The metrics, params and tags that any run has."""
        return self._database.read(store.names)

    def usual_values(self, field: str, *, limit: int = 20) -> list[str]:
        """Values of ``params.x`` or ``tags.x`` among the newest runs, the most frequent first.

        Raises:
            Invalid: If the field is neither.
        """
        table, name = _field(field)
        return self._database.read(
            lambda tx: store.usual_values(tx, table, name, limit=max(1, min(limit, 200)))
        )

    def curves(
        self,
        run_ids: Sequence[str],
        keys: Sequence[str],
        *,
        x: XAxis = "step",
        smooth: float = 0.0,
        group_by: str | None = None,
        points: int = 500,
    ) -> Curves:
        """Each metric of each run, or of each group of runs, smoothed and thinned for a chart.

        Args:
            run_ids: At most 500; beginnings of 8 digits will do.
            keys: Metrics, at most 24; a run that has one not is left out of its chart.
            x: Steps, times, or seconds since the run's start.
            smooth: Weight of the moving average, 0 to less than 1.
            group_by: ``params.x`` or ``tags.x``: runs with the same value become one mean with a band.
            points: A curve has at most this many, fewer when there are many curves.

        Raises:
            Invalid: If there are too many, or the smoothing or the grouping cannot be read.
            NotFound: If a run does not exist.
        """
        _check(run_ids, keys, smooth)
        field = None if group_by is None else _field(group_by)
        from pomona.training.rules import curves as rules  # NumPy: not at start

        points = rules.points_each(points, len(run_ids) * len(keys))

        def read(tx: Transaction) -> Curves:
            rows = list(store.numbers_of(tx, run_ids).values())
            found: list[Curve] = []
            members: dict[tuple[str, str], list[tuple[Any, store.Stored]]] = {}
            labels = (
                {} if field is None else store.values_of(tx, field[0], [row.id for row in rows], field[1])
            )
            for row in rows:
                for history in store.histories(tx, row.id, keys, means=smooth > 0 or field is not None):
                    if field is None:
                        found.append(rules.line(row, history, x=x, smooth=smooth, points=points))
                    else:
                        group = (history.key, labels.get(row.id, _NOT_SET))
                        members.setdefault(group, []).append((row, history))
            for (key, label), some in sorted(members.items()):
                curve = rules.group(key, label, some, x=x, smooth=smooth, points=points)
                found += [] if curve is None else [curve]
            return Curves(curves=found, running=any(row.status in ("RUNNING", "SCHEDULED") for row in rows))

        return self._database.read(read)

    def importance(self, run_ids: Sequence[str], metric: str) -> list[ParamImportance]:
        """How much of a metric goes with each param, the largest share first.

        Raises:
            Invalid: If there are too many runs.
            NotFound: If a run does not exist.
        """
        _check(run_ids, [metric], 0.0)

        def read(tx: Transaction) -> tuple[dict[int, float], dict[int, dict[str, str]]]:
            numbers = [row.id for row in store.numbers_of(tx, run_ids).values()]
            values = {
                number: one.value
                for number, metrics in latest_of(tx, numbers).items()
                for one in metrics
                if one.key == metric and one.value == one.value
            }
            return values, run_store.pairs(tx, run_store.params, numbers)

        values, params = self._database.read(read)
        found = [
            _importance(name, values, params) for name in sorted({k for one in params.values() for k in one})
        ]
        return sorted((one for one in found if one is not None), key=lambda one: -one.share)


def _importance(
    name: str, values: dict[int, float], params: dict[int, dict[str, str]]
) -> ParamImportance | None:
    import numpy as np

    from pomona.stats.importance import association

    both = [number for number in values if name in params[number]]
    found = association(
        [params[number][name] for number in both], np.array([values[number] for number in both])
    )
    if found is None:
        return None
    return ParamImportance(
        param=name,
        share=found.share,
        direction=found.direction,
        p_value=found.p_value,
        runs=len(both),
        groups=found.groups,
    )


def _field(text: str) -> tuple[Any, str]:
    entity, _, name = text.partition(".")
    if entity not in _TABLES or not name:
        raise Invalid(f"{text!r} is no param or tag", hint="params.depth, or tags.team")
    return _TABLES[entity], name.strip("`")


def _check(run_ids: Sequence[str], keys: Sequence[str], smooth: float) -> None:
    if not 1 <= len(run_ids) <= MOST_RUNS:
        raise Invalid(f"{len(run_ids)} runs cannot be drawn", hint=f"name 1 to {MOST_RUNS} runs")
    if not 1 <= len(keys) <= MOST_KEYS:
        raise Invalid(f"{len(keys)} metrics cannot be drawn", hint=f"name 1 to {MOST_KEYS} metrics")
    if not 0 <= smooth < 1:
        raise Invalid(
            f"smoothing by {smooth} is not in [0, 1)", hint="0 leaves the curve as it is; 0.9 is much"
        )
