"""Which registered versions stand behind an answer."""

from pomona.core.errors import NotFound
from pomona.registry.records import ModelVersion
from pomona.registry.service import RegistryService
from pomona.training.service.logged_models import LoggedModelService


def versions_behind(
    model_id: str | None, registry: RegistryService, models: LoggedModelService
) -> list[ModelVersion]:
    """Versions registered from a logged model; none if it is unknown, or was logged elsewhere."""
    try:
        run = models.get(model_id).source_run if model_id else None
    except NotFound:
        return []
    return [one for one in registry.versions_of_run(run) if one.logged_model == model_id] if run else []
