"""Which handler answers which method and path of the protocol."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pomona.registry.companions import Companions
from pomona.registry.service import RegistryService
from pomona.server.mlflow.artifacts import Artifacts
from pomona.server.mlflow.evaluation import Evaluations
from pomona.server.mlflow.experiments import Experiments
from pomona.server.mlflow.logged_models import LoggedModels
from pomona.server.mlflow.metrics import Metrics
from pomona.server.mlflow.otlp import PATH as OTLP
from pomona.server.mlflow.otlp import Otlp
from pomona.server.mlflow.prompts import Prompts
from pomona.server.mlflow.registry import Registry
from pomona.server.mlflow.runs import Runs
from pomona.server.mlflow.trace_analytics import TraceAnalytics
from pomona.server.mlflow.traces import Traces
from pomona.server.mlflow.uploads import Uploads
from pomona.server.mlflow.viewer import Viewer
from pomona.server.mlflow.webhooks import Webhooks
from pomona.server.mlflow.wire import Request, Response, answer
from pomona.training.service.tracking import TrackingService

Handler = Callable[[Request], Any]
Table = list[tuple[str, str, Handler]]
FILES = "/mlflow-artifacts/artifacts"
OUTSIDE = ("/get-artifact", "/model-versions/get-artifact", "/graphql")  # of the protocol, but not below it


@dataclass(frozen=True)
class Services:
    """What the protocol is spoken over."""

    tracking: TrackingService
    registry: RegistryService
    companions: Companions


def table_of(services: Services) -> Table:
    """Every route; a part in braces varies and is handed to the handler."""
    tracking, beside, registry = services.tracking, services.companions, Registry(services.registry)
    return [
        ("GET", "/mlflow/server-info", server_info),
        *_experiments(Experiments(tracking.experiments)),
        *_runs(Runs(tracking), Metrics(tracking.histories)),
        *_models(LoggedModels(tracking)),
        *_registry(registry, Prompts(beside.prompts, registry)),
        *_traces(Traces(beside.traces)),
        *_assessments(Traces(beside.traces)),
        *_analytics(TraceAnalytics(beside.traces, tracking.artifacts)),
        *_webhooks(Webhooks(beside.webhooks)),
        *_evaluations(Evaluations(beside.evaluations)),
        ("POST", OTLP, Otlp(beside.traces).export),
    ]


def files_table(services: Services, artifacts: Artifacts, uploads: Uploads) -> Table:
    """Routes of files; those that take files of any size are not among them."""
    at, parts = "/mlflow/artifacts", "/mlflow-artifacts/mpu"
    return [
        ("GET", f"{at}/list", artifacts.of_run),
        ("POST", f"{at}/presigned-upload-url", uploads.presigned_upload),
        ("POST", f"{at}/presigned-download-url", uploads.presigned_download),
        ("GET", FILES, artifacts.folder),
        ("GET", "/mlflow-artifacts/presigned/{path}", uploads.presigned),
        ("POST", f"{parts}/create", uploads.create),
        ("POST", f"{parts}/create/{{path}}", uploads.create),
        ("POST", f"{parts}/complete", uploads.complete),
        ("POST", f"{parts}/complete/{{path}}", uploads.complete),
        ("POST", f"{parts}/abort", uploads.abort),
        ("POST", f"{parts}/abort/{{path}}", uploads.abort),
        *_viewer(services, Viewer(artifacts, services.tracking, services.registry)),
    ]


def _viewer(services: Services, handlers: Viewer) -> Table:
    prompts = Prompts(services.companions.prompts, Registry(services.registry))
    of_run, of_version, _ = OUTSIDE
    return [
        ("GET", of_run, handlers.of_run),
        ("GET", of_version, prompts.named(prompts.no_stage, handlers.of_version)),
        ("GET", f"{_MODEL}/artifacts/files", handlers.of_model),
        ("POST", "/mlflow/upload-artifact", handlers.upload),
    ]


_MODEL = "/mlflow/logged-models/{model_id}"


def server_info(_request: Request) -> Response:
    """What this server can do, as clients ask before large uploads."""
    return answer(
        {
            "store_type": "SqlStore",
            "workspaces_enabled": False,
            "trace_archival_enabled": False,
            "multipart_uploads_enabled": False,  # served, but one request is less work for a store of our own
            "multipart_downloads_enabled": False,
            "features_enabled": {"gateway": False},
        }
    )


def _experiments(handlers: Experiments) -> Table:
    at = "/mlflow/experiments/"
    return [
        ("POST", f"{at}create", handlers.create),
        ("GET", f"{at}get", handlers.get),
        ("GET", f"{at}get-by-name", handlers.named),
        ("GET", f"{at}list", handlers.search),
        ("GET", f"{at}search", handlers.search),
        ("POST", f"{at}search", handlers.search),
        ("POST", f"{at}delete", handlers.delete),
        ("POST", f"{at}restore", handlers.restore),
        ("POST", f"{at}update", handlers.update),
        ("POST", f"{at}set-experiment-tag", handlers.set_tag),
        ("POST", f"{at}delete-experiment-tag", handlers.delete_tag),
        ("POST", f"{at}search-datasets", handlers.search_datasets),
    ]


def _runs(handlers: Runs, metrics: Metrics) -> Table:
    at = "/mlflow/runs/"
    return [
        ("POST", f"{at}create", handlers.create),
        ("GET", f"{at}get", handlers.get),
        ("POST", f"{at}update", handlers.update),
        ("POST", f"{at}delete", handlers.delete),
        ("POST", f"{at}restore", handlers.restore),
        ("POST", f"{at}search", handlers.search),
        ("POST", f"{at}log-metric", handlers.log_metric),
        ("POST", f"{at}log-parameter", handlers.log_parameter),
        ("POST", f"{at}log-batch", handlers.log_batch),
        ("POST", f"{at}set-tag", handlers.set_tag),
        ("POST", f"{at}delete-tag", handlers.delete_tag),
        ("POST", f"{at}log-inputs", handlers.log_inputs),
        ("POST", f"{at}outputs", handlers.log_outputs),
        ("POST", f"{at}log-model", handlers.log_model),
        ("GET", "/mlflow/metrics/get-history", metrics.history),
        ("GET", "/mlflow/metrics/get-history-bulk", metrics.bulk),
        ("GET", "/mlflow/metrics/get-history-bulk-interval", metrics.interval),
    ]


def _registry(of_models: Registry, of_prompts: Prompts) -> Table:
    models, versions = "/mlflow/registered-models/", "/mlflow/model-versions/"
    either = of_prompts.named
    return [
        ("POST", f"{models}create", of_prompts.create_any),
        ("GET", f"{models}get", either(of_prompts.get, of_models.get)),
        ("PATCH", f"{models}update", either(of_prompts.update, of_models.update)),
        ("POST", f"{models}rename", either(of_prompts.rename, of_models.rename)),
        ("DELETE", f"{models}delete", either(of_prompts.delete, of_models.delete)),
        ("GET", f"{models}search", of_prompts.search_any),
        ("GET", f"{models}get-latest-versions", either(of_prompts.latest, of_models.latest)),
        ("POST", f"{models}get-latest-versions", either(of_prompts.latest, of_models.latest)),
        ("POST", f"{models}set-tag", either(of_prompts.set_tag, of_models.set_tag)),
        ("DELETE", f"{models}delete-tag", either(of_prompts.delete_tag, of_models.delete_tag)),
        ("POST", f"{models}alias", either(of_prompts.set_alias, of_models.set_alias)),
        ("DELETE", f"{models}alias", either(of_prompts.delete_alias, of_models.delete_alias)),
        ("GET", f"{models}alias", either(of_prompts.by_alias, of_models.by_alias)),
        ("POST", f"{versions}create", either(of_prompts.create_version, of_models.create_version)),
        ("GET", f"{versions}get", either(of_prompts.get_version, of_models.get_version)),
        ("PATCH", f"{versions}update", either(of_prompts.update_version, of_models.update_version)),
        ("POST", f"{versions}transition-stage", either(of_prompts.no_stage, of_models.move_stage)),
        ("DELETE", f"{versions}delete", either(of_prompts.delete_version, of_models.delete_version)),
        ("GET", f"{versions}get-download-uri", either(of_prompts.no_stage, of_models.download_uri)),
        ("GET", f"{versions}search", of_prompts.search_any_versions),
        ("POST", f"{versions}set-tag", either(of_prompts.set_version_tag, of_models.set_version_tag)),
        (
            "DELETE",
            f"{versions}delete-tag",
            either(of_prompts.delete_version_tag, of_models.delete_version_tag),
        ),
    ]


def _models(handlers: LoggedModels) -> Table:
    return [
        ("POST", "/mlflow/logged-models", handlers.create),
        ("POST", "/mlflow/logged-models/search", handlers.search),
        ("GET", _MODEL, handlers.get),
        ("PATCH", _MODEL, handlers.finish),
        ("DELETE", _MODEL, handlers.delete),
        ("PATCH", f"{_MODEL}/tags", handlers.set_tags),
        ("DELETE", f"{_MODEL}/tags/{{tag_key}}", handlers.delete_tag),
        ("POST", f"{_MODEL}/params", handlers.add_params),
        ("GET", f"{_MODEL}/artifacts/directories", handlers.files),
    ]


def _traces(handlers: Traces) -> Table:
    at = "/mlflow/traces"
    one = f"{at}/{{trace_id}}"
    return [
        ("POST", at, handlers.start),
        ("GET", at, handlers.old_search),
        ("GET", f"{at}/get", handlers.get),
        ("GET", f"{at}/batchGet", handlers.batch),
        ("POST", f"{at}/batchGetInfos", handlers.batch_infos),
        ("POST", f"{at}/search", handlers.search),
        ("POST", f"{at}/delete-traces", handlers.delete),
        ("POST", f"{at}/link-to-run", handlers.link_run),
        ("POST", f"{at}/link-prompts", handlers.link_prompts),
        ("GET", one, handlers.info),
        ("PATCH", one, handlers.end),
        ("GET", f"{one}/info", handlers.old_info),
        ("PATCH", f"{one}/tags", handlers.set_tag),
        ("DELETE", f"{one}/tags", handlers.delete_tag),
    ]


def _analytics(handlers: TraceAnalytics) -> Table:
    return [
        ("POST", "/mlflow/traces/calculate-filter-correlation", handlers.correlation),
        ("POST", "/mlflow/traces/metrics", handlers.metrics),
        ("GET", "/mlflow/get-trace-artifact", handlers.artifact),
    ]


def _webhooks(handlers: Webhooks) -> Table:
    at, one = "/mlflow/webhooks", "/mlflow/webhooks/{webhook_id}"
    return [
        ("POST", at, handlers.create),
        ("GET", at, handlers.list),
        ("GET", one, handlers.get),
        ("PATCH", one, handlers.update),
        ("DELETE", one, handlers.delete),
        ("POST", f"{one}/test", handlers.test),
    ]


def _evaluations(handlers: Evaluations) -> Table:
    at, one = "/mlflow/datasets", "/mlflow/datasets/{dataset_id}"
    return [
        ("POST", f"{at}/create", handlers.create),
        ("GET", f"{at}/search", handlers.search),
        ("POST", f"{at}/search", handlers.search),
        ("GET", one, handlers.get),
        ("DELETE", one, handlers.delete),
        ("PATCH", f"{one}/tags", handlers.set_tags),
        ("DELETE", f"{one}/tags/{{key}}", handlers.delete_tag),
        ("GET", f"{one}/experiment-ids", handlers.experiments),
        ("POST", f"{one}/add-experiments", handlers.tie),
        ("POST", f"{one}/remove-experiments", handlers.untie),
        ("POST", f"{one}/records", handlers.merge),
        ("GET", f"{one}/records", handlers.rows),
        ("DELETE", f"{one}/records", handlers.delete_rows),
    ]


def _assessments(handlers: Traces) -> Table:
    at = "/mlflow/traces/{trace_id}/assessments"
    return [
        ("POST", at, handlers.assess),
        ("GET", f"{at}/{{assessment_id}}", handlers.assessment),
        ("PATCH", f"{at}/{{assessment_id}}", handlers.reassess),
        ("DELETE", f"{at}/{{assessment_id}}", handlers.withdraw),
    ]
