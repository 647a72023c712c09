"""When a job runs again, and when a schedule ticks."""

from datetime import datetime, timedelta

from cronsim import CronSim, CronSimError

from pomona.core.errors import Invalid, PomonaError
from pomona.jobs.records import Job

MAX_CLAIMS = 200  # a job whose worker dies this often is poison: park it for a person


def retry_after(failures: int, *, base_s: float = 1.0, cap_s: float = 300.0) -> float:
    """Seconds to wait after the n-th failure: doubling, with a ceiling.

    >>> [retry_after(n) for n in (1, 2, 3, 20)]
    [1.0, 2.0, 4.0, 300.0]
    """
    return float(min(cap_s, base_s * 2 ** min(failures - 1, 30)))


def is_permanent(error: Exception) -> bool:
    """Trying again cannot help: the request itself, or the user's code, is at fault."""
    return isinstance(error, PomonaError) and error.status < 500


def is_claimable(job: Job, now: datetime) -> bool:
    """Due and waiting, or left behind by a worker whose lease ran out."""
    if job.state == "queued":
        return job.run_at <= now
    return job.state == "running" and job.lease_until is not None and job.lease_until < now


def next_tick(cron: str, after: datetime) -> datetime:
    """The first tick of a cron expression after a time, in UTC.

    Raises:
        Invalid: If the expression cannot be read.
    """
    if len(cron.split()) != 5:  # a sixth would count seconds
        raise _unreadable(cron, "Wrong number of fields")
    try:
        return next(CronSim(cron, after))
    except (CronSimError, StopIteration) as error:
        raise _unreadable(cron, error) from None


def _unreadable(cron: str, why: object) -> Invalid:
    return Invalid(
        f"cannot read the schedule {cron[:100]!r}: {why}",
        hint="five fields: minute hour day month weekday, e.g. '0 3 * * 1' for Mondays at 03:00",
    )


def lease_end(now: datetime, lease_s: float) -> datetime:
    """Until when a claim made now holds without a heartbeat."""
    return now + timedelta(seconds=lease_s)
