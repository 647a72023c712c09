"""Pomona: one system from a business idea to money, and round again.

    import pomona

    client = pomona.connect()          # the server of this folder, or none needed at all
    client.hypotheses.create(...)

Names are imported on first use, so that ``import pomona`` stays fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pomona.business.records import Budget, Payoffs
    from pomona.core.errors import PomonaError
    from pomona.core.records import Money
    from pomona.data.records import Check
    from pomona.loop.records import NewTrigger, Recipe
    from pomona.monitoring.records import Thresholds
    from pomona.releases.records import CanaryPolicy
    from pomona.sdk.autolog import autolog
    from pomona.sdk.client import Client, connect
    from pomona.sdk.script import params, training_data
    from pomona.serving.records import NewOutcome
    from pomona.training.records.entries import DataSelector, Limits

__version__ = "0.1.0"

_HOME_OF = {
    "Budget": "pomona.business.records",
    "CanaryPolicy": "pomona.releases.records",
    "Check": "pomona.data.records",
    "Client": "pomona.sdk.client",
    "DataSelector": "pomona.training.records.entries",
    "Limits": "pomona.training.records.entries",
    "Money": "pomona.core.records",
    "NewOutcome": "pomona.serving.records",
    "NewTrigger": "pomona.loop.records",
    "Payoffs": "pomona.business.records",
    "PomonaError": "pomona.core.errors",
    "Recipe": "pomona.loop.records",
    "Thresholds": "pomona.monitoring.records",
    "autolog": "pomona.sdk.autolog",
    "connect": "pomona.sdk.client",
    "params": "pomona.sdk.script",
    "training_data": "pomona.sdk.script",
}

__all__ = [
    "Budget",
    "CanaryPolicy",
    "Check",
    "Client",
    "DataSelector",
    "Limits",
    "Money",
    "NewOutcome",
    "NewTrigger",
    "Payoffs",
    "PomonaError",
    "Recipe",
    "Thresholds",
    "__version__",
    "autolog",
    "connect",
    "params",
    "training_data",
]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(import_module(_HOME_OF[name]), name)
    raise AttributeError(f"module 'pomona' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
