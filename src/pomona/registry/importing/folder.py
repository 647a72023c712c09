"""A folder of MLflow (``./mlruns``): one folder a run, one file a metric, param or tag, YAML beside them."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from pomona.core.errors import Invalid, NotFound, Refused
from pomona.data.sources.guard import LocalGuard
from pomona.registry.importing.records import (
    OldExperiment,
    OldModel,
    OldModelMetric,
    OldRegistered,
    OldRun,
    OldVersion,
    Point,
)
from pomona.registry.importing.rows import MODEL_STATUSES, STATUSES, state_of
from pomona.training.records.runs import DatasetInput, RunModel

_META = "meta.yaml"
TRACE = "trace_info.yaml"
_TRASH = ".trash"
_MODELS = "models"
_PAGE = 200
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class FolderOrigin:
    """See ``Origin``."""

    def __init__(self, root: Path, guard: LocalGuard) -> None:
        self._root = root.resolve()
        self._guard = guard
        self._places: dict[str, Path] = {}  # of runs that were handed out
        if not guard.holds(self._root):
            raise Refused(
                f"{root} lies outside the folders that may be read",
                hint="who runs Pomona can add its folder with POMONA_SOURCES_ROOTS",
            )
        if not self._root.is_dir():
            raise NotFound(f"there is no folder {root}", hint="the folder that MLflow calls mlruns")
        if not self._experiments():
            raise Invalid(f"{root} holds no experiments of MLflow", hint="name the folder called mlruns")

    def experiments(self) -> list[OldExperiment]:
        found = [self._experiment(folder) for folder in self._experiments()]
        return sorted(found, key=lambda one: (one.created_ms, one.id))

    def _experiments(self) -> list[Path]:
        """Their folders, those in the bin too."""
        places = (self._root, self._root / _TRASH)
        return [folder for place in places for folder in _folders(place) if self._inside(folder / _META)]

    def _experiment(self, folder: Path) -> OldExperiment:
        about = self._yaml(folder)
        return OldExperiment(
            id=str(about.get("experiment_id", folder.name)),
            name=str(about.get("name") or folder.name),
            state=state_of(about.get("lifecycle_stage")),
            created_ms=int(about.get("creation_time") or 0),
            updated_ms=int(about.get("last_update_time") or about.get("creation_time") or 0),
            tags=self._texts(folder / "tags"),
            runs=len(self._runs(folder)),
            models=len(_folders(folder / _MODELS)),
            traces=len(_folders(folder / "traces")),
        )

    def _home(self, experiment: OldExperiment) -> Path:
        for place in (self._root / experiment.id, self._root / _TRASH / experiment.id):
            if (place / _META).is_file():
                return place
        raise NotFound(f"the folder of experiment {experiment.id} is gone", hint="import again")

    def _runs(self, home: Path) -> list[Path]:
        own = ("tags", "datasets", "traces", _MODELS)
        return [one for one in _folders(home) if one.name not in own and self._inside(one / _META)]

    def runs(self, experiment: OldExperiment) -> Iterator[list[OldRun]]:
        home = self._home(experiment)
        found = self._runs(home)
        for start in range(0, len(found), _PAGE):
            batch = [self._run(home, folder) for folder in found[start : start + _PAGE]]
            self._places = {run.id: folder for run, folder in zip(batch, found[start:], strict=False)}
            yield batch

    def _run(self, home: Path, folder: Path) -> OldRun:
        about, tags = self._yaml(folder), self._texts(folder / "tags")
        inputs, read = self._inputs(home, folder)
        status = about.get("status")
        return OldRun(
            id=str(about.get("run_id") or about.get("run_uuid") or folder.name),
            name=str(about.get("run_name") or about.get("name") or tags.get("mlflow.runName", "")),
            user=str(about.get("user_id") or ""),
            status=STATUSES.get(status, "FINISHED") if isinstance(status, int) else "FINISHED",
            state=state_of(about.get("lifecycle_stage")),
            started_ms=int(about.get("start_time") or 0),
            ended_ms=_number(about.get("end_time")),
            deleted_ms=_number(about.get("deleted_time")),
            artifact_uri=str(about.get("artifact_uri") or folder / "artifacts"),
            params=self._texts(folder / "params"),
            tags=tags,
            inputs=inputs,
            model_inputs=read,
            model_outputs=self._outputs(folder),
            measured=";".join(
                f"{name} {path.stat().st_size}" for name, path in self._files(folder / "metrics")
            ),
        )

    def _inputs(self, home: Path, folder: Path) -> tuple[list[DatasetInput], list[RunModel]]:
        datasets, models = [], []
        for one in _folders(folder / "inputs"):
            tie = self._yaml(one)
            source = str(tie.get("source_id"))
            if tie.get("source_type") == "MODEL":
                models.append(RunModel(model_id=source))
            elif self._inside(home / "datasets" / source / _META):
                about = self._yaml(home / "datasets" / source)
                datasets.append(
                    DatasetInput(
                        name=str(about["name"]),
                        digest=str(about["digest"]),
                        source_type=str(about["source_type"]),
                        source=str(about["source"]),
                        schema=about.get("schema"),
                        profile=about.get("profile"),
                        tags={str(key): str(value) for key, value in (tie.get("tags") or {}).items()},
                    )
                )
        return datasets, models

    def _outputs(self, folder: Path) -> list[RunModel]:
        found = [self._yaml(one) for one in _folders(folder / "outputs")]
        return [
            RunModel(model_id=str(one["destination_id"]), step=int(one.get("step") or 0)) for one in found
        ]

    def points(self, runs: Sequence[OldRun]) -> Iterator[list[Point]]:
        for run in runs:
            folder = self._places.get(run.id)
            for name, path in self._files(folder / "metrics") if folder else ():
                yield [_point(run.id, name, line) for line in _lines(path)]

    def models(self, experiment: OldExperiment) -> Iterator[list[OldModel]]:
        found = [one for one in _folders(self._home(experiment) / _MODELS) if self._inside(one / _META)]
        for start in range(0, len(found), _PAGE):
            yield [self._model(folder) for folder in found[start : start + _PAGE]]

    def _model(self, folder: Path) -> OldModel:
        about = self._yaml(folder)
        status = about.get("status")
        return OldModel(
            id=str(about.get("model_id") or folder.name),
            name=str(about.get("name") or ""),
            model_type=about.get("model_type"),
            source_run=about.get("source_run_id"),
            status=MODEL_STATUSES.get(status, "READY") if isinstance(status, int) else "READY",
            state=state_of(about.get("lifecycle_stage")),
            created_ms=int(about.get("creation_timestamp") or 0),
            updated_ms=int(about.get("last_updated_timestamp") or 0),
            artifact_uri=str(about.get("artifact_location") or folder / "artifacts"),
            params=self._texts(folder / "params"),
            tags=self._texts(folder / "tags"),
            metrics=[
                _model_metric(name, line)
                for name, path in self._files(folder / "metrics")
                for line in _lines(path)
            ],
        )

    def registered(self) -> list[OldRegistered]:
        homes = [one for one in _folders(self._root / _MODELS) if self._inside(one / _META)]
        return [self._registered(home) for home in homes]

    def _registered(self, home: Path) -> OldRegistered:
        about = self._yaml(home)
        versions = [
            self._version(folder)
            for folder in _folders(home)
            if folder.name.startswith("version-") and self._inside(folder / _META)
        ]
        aliases = {name: int(text) for name, text in self._texts(home / "aliases").items() if text.isdigit()}
        return OldRegistered(
            name=str(about.get("name") or home.name),
            description=str(about.get("description") or ""),
            created_ms=int(about.get("creation_timestamp") or 0),
            tags=self._texts(home / "tags"),
            aliases=aliases,
            versions=sorted(
                (one for one in versions if one.stage != "Deleted_Internal"), key=lambda one: one.number
            ),
        )

    def _version(self, folder: Path) -> OldVersion:
        about = self._yaml(folder)
        return OldVersion(
            number=int(about.get("version") or folder.name.removeprefix("version-")),
            stage=str(about.get("current_stage") or "None"),
            source=str(about.get("source") or ""),
            location=about.get("storage_location"),
            run_id=about.get("run_id") or None,
            run_link=str(about.get("run_link") or ""),
            description=str(about.get("description") or ""),
            created_ms=int(about.get("creation_timestamp") or 0),
            tags=self._texts(folder / "tags"),
        )

    def _inside(self, path: Path) -> bool:
        return path.is_file() and self._guard.holds(path.resolve())

    def _files(self, folder: Path) -> list[tuple[str, Path]]:
        """Files below a folder by their relative path: a name may hold slashes."""
        if not folder.is_dir():
            return []
        found = [path for path in sorted(folder.rglob("*")) if self._inside(path)]
        return [(path.relative_to(folder).as_posix(), path) for path in found]

    def _texts(self, folder: Path) -> dict[str, str]:
        return {name: path.read_text("utf-8", "replace") for name, path in self._files(folder)}

    def trace_folders(self, experiment: OldExperiment) -> list[Path]:
        """The folders of an experiment's traces."""
        found = _folders(self._home(experiment) / "traces")
        return [folder for folder in found if self._inside(folder / TRACE)]

    def about_trace(self, folder: Path) -> tuple[dict[str, Any], dict[str, str], dict[str, str]]:
        """What a trace's own file says, and its tags and metadata."""
        judged = [
            self._yaml(folder / "assessments", path.name) for _, path in self._files(folder / "assessments")
        ]
        about = self._yaml(folder, TRACE) | {"assessments": judged}
        return about, self._texts(folder / "tags"), self._texts(folder / "request_metadata")

    def _yaml(self, folder: Path, name: str = _META) -> dict[str, Any]:
        path = folder / name
        try:
            found = yaml.load(path.read_bytes(), _Loader)  # noqa: S506 - a safe loader, in C where it can be
        except (yaml.YAMLError, ValueError) as error:
            reason = (str(error).splitlines() or [""])[0]
            raise Invalid(f"{path} is not what MLflow writes: {reason}", hint="repair or remove it") from None
        return found if isinstance(found, dict) else {}


def _folders(place: Path) -> list[Path]:
    with suppress(FileNotFoundError, NotADirectoryError):
        return sorted(one for one in place.iterdir() if one.is_dir() and one.name != _TRASH)
    return []


def _lines(path: Path) -> list[list[str]]:
    return [line.split(" ") for line in path.read_text("utf-8", "replace").splitlines() if line.strip()]


def _point(run: str, name: str, parts: list[str]) -> Point:
    at_ms, value, step = _read(name, parts)
    return run, name, step, at_ms, value


def _model_metric(name: str, parts: list[str]) -> OldModelMetric:
    at_ms, value, step = _read(name, parts)
    data = parts[4:6] if len(parts) >= 6 else [None, None]
    return OldModelMetric(
        key=name,
        value=value,
        at_ms=at_ms,
        step=step,
        run_id=parts[3] if len(parts) > 3 else "",
        dataset_name=data[0],
        dataset_digest=data[1],
    )


def _read(name: str, parts: list[str]) -> tuple[int, float, int]:
    try:
        return int(parts[0]), float(parts[1]), int((parts[2:] or ["0"])[0])
    except (ValueError, IndexError):
        raise Invalid(f"a line of metric {name!r} is broken", hint="time, value, step stand in it") from None


def _number(value: Any) -> int | None:
    return None if value is None else int(value)
