"""An MLflow server, asked through its REST API: versions 2 and 3, and any other that speaks it."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from pomona.core.errors import NotFound
from pomona.data.sources.door import Guard, Secret
from pomona.registry.importing.records import (
    OldExperiment,
    OldFile,
    OldModel,
    OldModelMetric,
    OldRegistered,
    OldRun,
    OldVersion,
    Point,
)
from pomona.registry.importing.rows import state_of
from pomona.registry.importing.rules import Address, address_here, is_model_id, is_run_id
from pomona.registry.importing.server_observed import ServerObserved
from pomona.registry.importing.web import Web
from pomona.registry.prompts.records import PROMPT_TAG
from pomona.registry.prompts.rules import is_prompt
from pomona.training.records.runs import DatasetInput, LoggedModelStatus, RunModel, RunStatus
from pomona.training.rules.paths import SCHEME

_API = "/api/2.0/mlflow"
_FILES = "/api/2.0/mlflow-artifacts/artifacts"
_PROMPTS = f"tags.`{PROMPT_TAG}` = 'true'"
_PAGE = 200
_COUNTED = 1000
_HISTORY = 25_000
_POINTS = 5_000  # in one piece, about
_THREADS = 8
_DEEPEST = 30


@contextmanager
def server(
    url: str, secret: Secret | None, guard: Guard
) -> Iterator[tuple["ServerOrigin", ServerObserved, "ServerFiles"]]:
    """A server's store and files.

    Raises:
        Refused: If it may not be reached, or does not let us in.
        Unavailable: If it does not answer.
    """
    web = Web(url, secret, guard)
    try:
        web.check()
        yield ServerOrigin(web), ServerObserved(web), ServerFiles(web)
    finally:
        web.close()


class ServerOrigin:
    """See ``Origin``."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._keys: dict[str, list[str]] = {}  # the metrics of runs that were handed out

    def experiments(self) -> list[OldExperiment]:
        found = self._posted("experiments/search", "experiments", view_type="ALL", max_results=_COUNTED)
        return [self._experiment(one) for one in found]

    def _experiment(self, one: dict[str, Any]) -> OldExperiment:
        number = str(one["experiment_id"])
        runs = self._posted(
            "runs/search", "runs", experiment_ids=[number], run_view_type="ALL", max_results=_COUNTED
        )
        return OldExperiment(
            id=number,
            name=one["name"],
            state=state_of(one.get("lifecycle_stage")),
            created_ms=int(one.get("creation_time") or 0),
            updated_ms=int(one.get("last_update_time") or one.get("creation_time") or 0),
            tags=_pairs(one.get("tags")),
            runs=sum(1 for _ in runs),
        )

    def runs(self, experiment: OldExperiment) -> Iterator[list[OldRun]]:
        fields = {"run_view_type": "ALL", "max_results": _PAGE, "order_by": ["attributes.start_time ASC"]}
        for page in self._pages("runs/search", "runs", experiment_ids=[experiment.id], **fields):
            self._keys = {
                one["info"]["run_id"]: [metric["key"] for metric in one.get("data", {}).get("metrics", [])]
                for one in page
            }
            yield [_run(one) for one in page]

    def points(self, runs: Sequence[OldRun]) -> Iterator[list[Point]]:
        asked = [(run.id, key) for run in runs for key in self._keys.get(run.id, [])]
        held: list[Point] = []
        with ThreadPoolExecutor(_THREADS) as pool:
            for found in pool.map(lambda one: self._history(*one), asked):
                held += found
                if len(held) >= _POINTS:
                    yield held
                    held = []
        if held:
            yield held

    def _history(self, run: str, key: str) -> list[Point]:
        found: list[Point] = []
        token = None
        while True:
            answer = self._web.get(
                f"{_API}/metrics/get-history",
                run_id=run,
                metric_key=key,
                max_results=_HISTORY,
                page_token=token,
            )
            found += [
                (run, key, int(one.get("step") or 0), int(one.get("timestamp") or 0), float(one["value"]))
                for one in answer.get("metrics", [])
            ]
            token = answer.get("next_page_token")
            if not token:
                return found

    def models(self, experiment: OldExperiment) -> Iterator[list[OldModel]]:
        try:
            for page in self._pages(
                "logged-models/search", "models", experiment_ids=[experiment.id], max_results=100
            ):
                yield [_model(one) for one in page]
        except NotFound:  # it is from before there were any
            return

    def registered(self) -> list[OldRegistered]:
        return [*self._registered(""), *self._registered(_PROMPTS)]

    def _registered(self, only: str) -> list[OldRegistered]:
        """Models, or what else the filter asks for: of itself a server lists no prompts."""
        asked = {"filter": only or None}
        versions: dict[str, list[OldVersion]] = {}
        for one in self._got("model-versions/search", "model_versions", max_results=_COUNTED, **asked):
            versions.setdefault(one["name"], []).append(self._version(one, has_files=not only))
        models = self._got("registered-models/search", "registered_models", max_results=100, **asked)
        return [
            OldRegistered(
                name=one["name"],
                description=one.get("description") or "",
                created_ms=int(one.get("creation_timestamp") or 0),
                tags=_pairs(one.get("tags")),
                aliases={alias["alias"]: int(alias["version"]) for alias in one.get("aliases") or []},
                versions=sorted(versions.get(one["name"], []), key=lambda version: version.number),
            )
            for one in models
            if bool(only) == is_prompt(_pairs(one.get("tags")))
        ]

    def _version(self, one: dict[str, Any], *, has_files: bool) -> OldVersion:
        source = one.get("source") or ""
        location = None
        if has_files and address_here(source) is None:
            asked = {"name": one["name"], "version": one["version"]}
            location = self._web.get(f"{_API}/model-versions/get-download-uri", **asked).get("artifact_uri")
        return OldVersion(
            number=int(one["version"]),
            stage=one.get("current_stage") or "None",
            source=source,
            location=location,
            run_id=one.get("run_id") or None,
            run_link=one.get("run_link") or "",
            description=one.get("description") or "",
            created_ms=int(one.get("creation_timestamp") or 0),
            tags=_pairs(one.get("tags")),
        )

    def _pages(self, path: str, key: str, **fields: Any) -> Iterator[list[dict[str, Any]]]:
        token = None
        while True:
            asked = fields if token is None else fields | {"page_token": token}
            answer = self._web.post(f"{_API}/{path}", asked)
            if found := answer.get(key):
                yield found
            token = answer.get("next_page_token")
            if not token:
                return

    def _posted(self, path: str, key: str, **fields: Any) -> Iterator[dict[str, Any]]:
        for page in self._pages(path, key, **fields):
            yield from page

    def _got(self, path: str, key: str, **query: Any) -> Iterator[dict[str, Any]]:
        token = None
        while True:
            answer = self._web.get(f"{_API}/{path}", **query, page_token=token)
            yield from answer.get(key) or []
            token = answer.get("next_page_token")
            if not token:
                return


class ServerFiles:
    """See ``Files``. The server fetches what lies elsewhere: nothing but it is asked."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def listed(self, address: Address) -> list[OldFile]:
        found: list[OldFile] = []
        folders = [("", 0)]
        while folders:
            folder, depth = folders.pop()
            for one in self._children(address, folder):
                if one.get("is_dir") and depth < _DEEPEST:
                    folders.append((one["path"], depth + 1))
                elif not one.get("is_dir"):
                    size = one.get("file_size")
                    found.append(OldFile(path=one["path"], size=None if size is None else int(size)))
        return sorted(found, key=lambda file: file.path)

    def _children(self, address: Address, folder: str) -> list[dict[str, Any]]:
        if is_run_id(address.owner):
            asked = {"run_id": address.owner, "path": folder or None}
            return list(self._web.get(f"{_API}/artifacts/list", **asked).get("files") or [])
        if is_model_id(address.owner):
            path = f"{_API}/logged-models/{address.owner}/artifacts/directories"
            return list(self._web.get(path, artifact_directory_path=folder or None).get("files") or [])
        place = "/".join(part for part in (_proxied(address.uri), folder) if part)
        found = self._web.get(_FILES, path=place).get("files") or []
        return [one | {"path": f"{folder}/{one['path']}" if folder else one["path"]} for one in found]

    def open(self, address: Address, path: str) -> BinaryIO:
        if urlsplit(address.uri).scheme == SCHEME:
            body = self._web.stream(f"{_FILES}/{_proxied(address.uri)}/{path}")
        elif is_run_id(address.owner):
            body = self._web.stream("/get-artifact", run_uuid=address.owner, path=path)
        elif is_model_id(address.owner):
            body = self._web.stream(
                f"/ajax-api/2.0/mlflow/logged-models/{address.owner}/artifacts/files", artifact_file_path=path
            )
        else:
            raise NotFound(
                f"the server does not hand out files at {urlsplit(address.uri).scheme}:",
                hint="copy them to this machine and say where with --artifacts",
            )
        return cast("BinaryIO", body)


def _proxied(uri: str) -> str:
    """The path of an ``mlflow-artifacts:`` address as the server's own proxy takes it."""
    parts = urlsplit(uri)
    if parts.scheme != SCHEME:
        raise NotFound(
            f"the server does not hand out files at {parts.scheme}:",
            hint="copy them to this machine and say where with --artifacts",
        )
    return parts.path.strip("/")


def _run(one: dict[str, Any]) -> OldRun:
    info, data = one["info"], one.get("data") or {}
    inputs, outputs = one.get("inputs") or {}, one.get("outputs") or {}
    tags, status = _pairs(data.get("tags")), info.get("status") or "SCHEDULED"
    ended = info.get("end_time")
    return OldRun(
        id=info.get("run_id") or info["run_uuid"],
        name=info.get("run_name") or tags.get("mlflow.runName", ""),
        user=info.get("user_id") or tags.get("mlflow.user", ""),
        status=cast("RunStatus", status),
        state=state_of(info.get("lifecycle_stage")),
        started_ms=int(info.get("start_time") or 0),
        ended_ms=int(ended) if ended else None,
        artifact_uri=info.get("artifact_uri") or "",
        params=_pairs(data.get("params")),
        tags=tags,
        inputs=[_input(found) for found in inputs.get("dataset_inputs") or []],
        model_inputs=[RunModel(model_id=found["model_id"]) for found in inputs.get("model_inputs") or []],
        model_outputs=[
            RunModel(model_id=found["model_id"], step=int(found.get("step") or 0))
            for found in outputs.get("model_outputs") or []
        ],
        measured=_measured(data.get("metrics") or [], status),
    )


def _measured(metrics: list[dict[str, Any]], status: str) -> str:
    """Newest values tell whether more were logged; only a run that goes on may log older ones, too."""
    newest = sorted(
        f"{one['key']} {one.get('step')} {one.get('timestamp')} {one['value']}" for one in metrics
    )
    return ";".join(newest) if status != "RUNNING" else str(time.time_ns())


def _input(found: dict[str, Any]) -> DatasetInput:
    data = found["dataset"]
    return DatasetInput(
        name=data["name"],
        digest=data["digest"],
        source_type=data["source_type"],
        source=data["source"],
        schema=data.get("schema"),
        profile=data.get("profile"),
        tags=_pairs(found.get("tags")),
    )


def _model(one: dict[str, Any]) -> OldModel:
    info, data = one["info"], one.get("data") or {}
    status = str(info.get("status") or "READY").removeprefix("LOGGED_MODEL_")
    return OldModel(
        id=info["model_id"],
        name=info.get("name") or "",
        model_type=info.get("model_type") or None,
        source_run=info.get("source_run_id") or None,
        status=cast("LoggedModelStatus", status),
        created_ms=int(info.get("creation_timestamp_ms") or 0),
        updated_ms=int(info.get("last_updated_timestamp_ms") or 0),
        artifact_uri=info.get("artifact_uri") or "",
        params=_pairs(data.get("params")),
        tags=_pairs(info.get("tags")),
        metrics=[
            OldModelMetric(
                key=metric["key"],
                value=float(metric["value"]),
                at_ms=int(metric.get("timestamp") or 0),
                step=int(metric.get("step") or 0),
                run_id=metric.get("run_id") or "",
                dataset_name=metric.get("dataset_name") or None,
                dataset_digest=metric.get("dataset_digest") or None,
            )
            for metric in data.get("metrics") or []
        ],
    )


def _pairs(found: list[dict[str, Any]] | None) -> dict[str, str]:
    return {one["key"]: one.get("value") or "" for one in found or []}
