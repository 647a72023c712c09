"""Use cases of metric histories: page by page, or thinned for a chart."""

from pomona.core.errors import NotFound
from pomona.core.ports import Database, Transaction
from pomona.training.records.runs import MetricHistory, MetricPoint
from pomona.training.rules.sampling import even_picks, thin
from pomona.training.store import histories, runs


class HistoryService:
    """Every value that a run logged of a metric."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self,
        run_id: str,
        key: str,
        *,
        limit: int | None = None,
        after: MetricPoint | None = None,
        offset: int = 0,
    ) -> tuple[list[MetricPoint], MetricPoint | None]:
        """Values in order of time after a point, and the point that the next page comes after.

        Raises:
            NotFound: If there is no such run.
        """
        wanted = None if limit is None else limit + 1

        def read(tx: Transaction) -> list[MetricPoint]:
            run = runs.target(tx, run_id).id
            return histories.page(tx, run, key, limit=wanted, after=after, offset=offset)

        found = self._database.read(read)
        if limit is None or len(found) <= limit:
            return found, None
        return found[:limit], found[limit - 1]

    def holds(
        self, run_id: str, key: str, *, after: MetricPoint, count: int, end: MetricPoint | None, more: bool
    ) -> bool:
        """Whether a page that was read before is what one would read now; much cheaper than to read it.

        Values are never changed, so a page is the same as long as the same point stands at its end.

        Args:
            after: The point the page comes after.
            count: How many points it has.
            end: The last of them; None if it has none.
            more: Whether others came after it.

        Raises:
            NotFound: If there is no such run.
        """

        def look(tx: Transaction) -> list[MetricPoint]:
            run = runs.target(tx, run_id).id
            return histories.page(tx, run, key, limit=2, after=after, offset=max(0, count - 1))

        found = self._database.read(look)
        at_end = found[0] if found else None
        return at_end == end and (more or len(found) < 2)

    def sample(
        self, run_id: str, key: str, *, limit: int, start: int | None = None, end: int | None = None
    ) -> list[MetricPoint]:
        """At most ``limit`` values in order of step, evenly picked, first and last included."""
        found = self._steps(run_id, key, start, end)
        return [found[i] for i in even_picks(len(found), limit)]

    def chart(self, run_id: str, key: str, *, limit: int = 500) -> MetricHistory:
        """A history thinned to ``limit`` points that still shows every spike.

        Raises:
            NotFound: If there is no such run, or it logged no such metric.
        """
        found = self._steps(run_id, key, None, None)
        if not found:
            raise NotFound(f"run {run_id} has no metric {key!r}", hint="`pomona runs show` lists its metrics")
        values = [float("nan") if point.value is None else point.value for point in found]
        return MetricHistory(run=run_id, key=key, total=len(found), points=thin(found, values, max(4, limit)))

    def _steps(self, run_id: str, key: str, start: int | None, end: int | None) -> list[MetricPoint]:
        def read(tx: Transaction) -> list[MetricPoint]:
            return histories.in_steps(tx, runs.target(tx, run_id).id, key, start=start, end=end)

        return self._database.read(read)
