"""What programs around models keep here: traces, evaluation datasets, prompts, uploads, webhooks; wired."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pomona.core.keys import Sealer
from pomona.core.ports import Clock, Database
from pomona.jobs.service import JobService
from pomona.registry.prompts.service import PromptService
from pomona.registry.prompts.texts import PromptTexts
from pomona.registry.webhooks.delivery import Reach
from pomona.registry.webhooks.service import WebhookService
from pomona.training.evaluation.service import EvaluationService
from pomona.training.service.tracking import TrackingService
from pomona.training.service.uploads import UploadService
from pomona.training.traces.service import TraceService


@dataclass(frozen=True)
class Companions:
    """The services beside tracking and the registry that the MLflow protocol speaks of."""

    traces: TraceService
    evaluations: EvaluationService
    uploads: UploadService
    prompts: PromptService
    texts: PromptTexts
    webhooks: WebhookService


def wire_companions(
    database: Database,
    clock: Clock,
    *,
    tracking: TrackingService,
    jobs: JobService,
    sealer: Sealer,
    reach: Callable[[], Reach],
    incoming: Path,
) -> Companions:
    """Build them.

    Args:
        sealer: Keeps the secrets of webhooks.
        reach: What webhooks may reach.
        incoming: Where parts of uploads wait.
    """
    prompts = PromptService(database, clock)
    return Companions(
        traces=TraceService(database, clock, tracking.experiments),
        evaluations=EvaluationService(database, clock, tracking.experiments),
        uploads=UploadService(incoming, tracking.artifacts),
        prompts=prompts,
        texts=PromptTexts(database, prompts),
        webhooks=WebhookService(database, clock, jobs, sealer, reach),
    )
