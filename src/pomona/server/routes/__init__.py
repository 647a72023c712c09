"""One file per stage; each handler decodes, calls one use case, and encodes."""

from pomona.server.routes.approvals import ApprovalPolicyRoutes, ApprovalRoutes
from pomona.server.routes.business import DecisionRoutes, HypothesisRoutes, MetricRoutes
from pomona.server.routes.cards import CardRoutes
from pomona.server.routes.checks import CheckRoutes, VersionCheckRoutes
from pomona.server.routes.chunks import ChunkRoutes
from pomona.server.routes.circle import CircleRoutes
from pomona.server.routes.data import DatasetRoutes, DataVersionRoutes
from pomona.server.routes.diffs import DiffRoutes
from pomona.server.routes.entries import EntryRoutes
from pomona.server.routes.evaluations import EvaluationRoutes
from pomona.server.routes.exports import ExportRoutes
from pomona.server.routes.filesets import FileSetRoutes, FileSetVersionRoutes
from pomona.server.routes.frames import FrameRoutes
from pomona.server.routes.imports import ImportPreviewRoutes, ImportRoutes
from pomona.server.routes.jobs import JobRoutes, ScheduleRoutes
from pomona.server.routes.keeping import (
    ErasureRoutes,
    KeepingRoutes,
    KeptDatasetRoutes,
    KeptVersionRoutes,
)
from pomona.server.routes.ledger import EventRoutes
from pomona.server.routes.loop import ReactionRoutes, TriggerRoutes
from pomona.server.routes.marts import MartBuildRoutes, MartRoutes, SqlRoutes
from pomona.server.routes.monitoring import IncidentRoutes, MonitorRoutes, WindowRoutes
from pomona.server.routes.prompts import PromptRoutes, PromptVersionRoutes
from pomona.server.routes.quiet import QuietRoutes
from pomona.server.routes.registry import (
    GateRoutes,
    ModelRoutes,
    ModelVersionRoutes,
    SigningKeyRoutes,
)
from pomona.server.routes.releases import EndpointRoutes, ReleaseRoutes
from pomona.server.routes.runs import ExperimentRoutes, RunRoutes
from pomona.server.routes.serving import (
    AppendTableRoutes,
    GatewayRoutes,
    OutcomeRoutes,
    PredictionRoutes,
    ValueRoutes,
)
from pomona.server.routes.sources import SourceKindRoutes, SourceRoutes, SourceTrialRoutes
from pomona.server.routes.studies import StudyRoutes, ViewRoutes
from pomona.server.routes.traces import TraceRoutes
from pomona.server.routes.webhooks import WebhookEventRoutes, WebhookRoutes

HANDLERS = [
    HypothesisRoutes,
    DecisionRoutes,
    MetricRoutes,
    DatasetRoutes,
    DataVersionRoutes,
    SourceRoutes,
    SourceTrialRoutes,
    SourceKindRoutes,
    CheckRoutes,
    VersionCheckRoutes,
    DiffRoutes,
    ExportRoutes,
    KeptVersionRoutes,
    KeptDatasetRoutes,
    KeepingRoutes,
    ErasureRoutes,
    FileSetRoutes,
    FileSetVersionRoutes,
    ChunkRoutes,
    MartRoutes,
    MartBuildRoutes,
    SqlRoutes,
    EntryRoutes,
    EndpointRoutes,
    ReleaseRoutes,
    GatewayRoutes,
    PredictionRoutes,
    OutcomeRoutes,
    ValueRoutes,
    AppendTableRoutes,
    MonitorRoutes,
    WindowRoutes,
    IncidentRoutes,
    TriggerRoutes,
    ReactionRoutes,
    ExperimentRoutes,
    RunRoutes,
    FrameRoutes,
    StudyRoutes,
    TraceRoutes,
    EvaluationRoutes,
    ImportRoutes,
    ImportPreviewRoutes,
    ViewRoutes,
    ModelRoutes,
    ModelVersionRoutes,
    GateRoutes,
    SigningKeyRoutes,
    PromptRoutes,
    PromptVersionRoutes,
    WebhookRoutes,
    WebhookEventRoutes,
    ApprovalRoutes,
    CardRoutes,
    ApprovalPolicyRoutes,
    JobRoutes,
    ScheduleRoutes,
    QuietRoutes,
    EventRoutes,
    CircleRoutes,
]
