"""Where a run ran, and what that cost."""

from decimal import Decimal

from pomona.core.records import Record

RESOURCE_TAG = "pomona.resource"  # names what a run used: a price stands beside that name

GPUS_TAG = "pomona.gpus"
MACHINE_TAGS = frozenset(
    f"pomona.{name}" for name in ("host", "os", "python", "cores", "memory_gb", "gpus", "gpu")
)
GPU_METRICS = "system/gpu_%_utilization_percentage"  # as LIKE; MLflow numbers them


class RunMachine(Record, frozen=True, kw_only=True):
    """Where a run ran, as far as its tags and system metrics tell; ``memory_gb`` is the whole machine's."""

    resource: str
    host: str | None = None
    os: str | None = None
    python: str | None = None
    cores: int | None = None
    gpus: int = 0
    gpu: str | None = None  # what kind
    memory_gb: float | None = None


class RunCost(Record, frozen=True, kw_only=True):
    """Seconds times the price of the resource."""

    resource: str
    seconds: float
    per_hour: Decimal
    amount: Decimal
    currency: str


class Spent(Record, frozen=True, kw_only=True):
    """What runs that ended cost in all; those whose resource has no price are not in ``amount``."""

    runs: int
    seconds: float
    amount: Decimal | None  # None: no price is known for any of them
    currency: str
    unpriced: int


class Prices(Record, frozen=True, kw_only=True):
    """What an hour of each resource costs."""

    currency: str = ""
    per_hour: dict[str, Decimal] = {}
