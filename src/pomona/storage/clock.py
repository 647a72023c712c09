"""The machine's clock."""

from datetime import UTC, datetime


class SystemClock:
    """Clock: the operating system's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)
