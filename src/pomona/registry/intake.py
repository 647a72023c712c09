"""From what a client names (a run, a logged model, an address) to a checked manifest of files."""

import math

from pomona.core.errors import Invalid, NotFound
from pomona.core.ports import Blobs
from pomona.core.records import Record
from pomona.registry.mlmodel import MLMODEL, MlModel, check_mlmodel_size, missing_mlmodel, parse_mlmodel
from pomona.registry.records import ModelFile, Outside
from pomona.training.records.runs import DATA_VERSION_TAG, ENVIRONMENT_TAG, HYPOTHESIS_TAG, ArtifactFile, Run
from pomona.training.rules.paths import ArtifactAddress, address_of_uri, safe_path
from pomona.training.service.lineage import EVALUATION
from pomona.training.service.tracking import TrackingService

CONTEXT_TAG = "mlflow.data.context"
REQUIREMENTS = ("requirements.txt", "conda.yaml", "python_env.yaml")


class Taken(Record, frozen=True, kw_only=True):
    """A model ready to be registered: checked, hashed, with what its run knew about it."""

    files: tuple[ModelFile, ...]
    about: MlModel
    run_id: str | None
    logged_model: str | None
    source: str
    metrics: dict[str, float]
    data_version: str | None
    hypothesis: str | None
    environment: str | None
    outside: Outside | None = None
    root: str = ""  # the run or logged model that its files belong to
    run_user: str = ""


class Intake:
    """Finds the files of a model that a run logged and refuses what is no model."""

    def __init__(self, blobs: Blobs, tracking: TrackingService) -> None:
        self._blobs = blobs
        self._tracking = tracking

    def from_run(self, run_id: str, path: str | None, *, owner: str | None = None) -> Taken:
        """The model a run logged: the one at ``path`` (or of that name), or the only one.

        ``owner`` is the run that it is registered for, if that is another one.

        Raises:
            NotFound: If there is no such run or it logged no such model.
            Invalid: If it logged several and ``path`` does not say which, or it is no model.
        """
        run = self._tracking.run(run_id)
        logged = self._tracking.models.of_run(run_id)
        chosen = [model for model in logged if path in (None, model.name)]
        if len(chosen) > 1 and path is None:
            raise Invalid(
                f"run {run_id} logged {len(chosen)} models",
                hint=f"say which: path=one of {', '.join(sorted(model.name for model in chosen))}",
            )
        if chosen:
            return self.from_logged_model(chosen[-1].id, run_id=owner or run_id)
        folder = safe_path(path) if path is not None else self._only_folder(run)
        address = ArtifactAddress(root=run_id, path=folder)
        return self._take(address, f"runs:/{run_id}/{folder}", owner or run_id, None)

    def from_logged_model(self, model_id: str, *, run_id: str | None = None) -> Taken:
        """A logged model.

        Raises:
            NotFound: If there is none with this id.
            Invalid: If it is no model.
        """
        model = self._tracking.models.get(model_id)
        address = ArtifactAddress(root=model_id, path="")
        return self._take(address, f"models:/{model_id}", run_id or model.source_run, model_id)

    def from_source(self, source: str, *, run_id: str | None, model_id: str | None) -> Taken:
        """The model at an address: ``models:/m-...``, ``runs:/<run>/<path>`` or ``mlflow-artifacts:/...``.

        Raises:
            NotFound: If nothing is there.
            Invalid: If the address is of another store, or what is there is no model.
        """
        scheme, _, rest = source.partition(":/")
        if scheme == "models" and rest.startswith("m-"):
            return self.from_logged_model(rest.strip("/"), run_id=run_id)
        if scheme == "runs":
            run, _, path = rest.strip("/").partition("/")
            return self.from_run(run, path, owner=run_id)
        address = address_of_uri(source)
        if address is None:
            raise Invalid(
                f"Invalid model version source: '{source}'. Pomona registers models that it keeps.",
                hint="log the model to a run first, then register runs:/<run>/<path> or models:/<model id>; "
                "one that was made elsewhere comes in by `pomona models register NAME --from FOLDER`",
            )
        if address.root.startswith("m-"):
            run_id = run_id or self._tracking.models.get(address.root).source_run
            return self._take(address, source, run_id, address.root)
        owner = address.root if len(address.root) == 32 else run_id
        return self._take(address, source, owner, model_id)

    def _only_folder(self, run: Run) -> str:
        found = [f.path for f in self._tracking.artifacts.tree(run.id) if f.path.endswith(f"/{MLMODEL}")]
        if not found:
            raise NotFound(
                f"run {run.id} logged no model", hint="log one with mlflow.<flavor>.log_model(...)"
            )
        if len(found) > 1:
            folders = sorted(path.removesuffix(f"/{MLMODEL}") for path in found)
            raise Invalid(
                f"run {run.id} logged {len(found)} models",
                hint=f"say which: path=one of {', '.join(folders)}",
            )
        return found[0].removesuffix(f"/{MLMODEL}")

    def _take(self, address: ArtifactAddress, source: str, run_id: str | None, model_id: str | None) -> Taken:
        found = self._tracking.artifacts.tree(address.root, address.path)
        if not found:
            raise NotFound(f"there are no files at {source!r}", hint="list the run's artifacts")
        prefix = f"{address.path}/" if address.path else ""
        files = tuple(_file(item, prefix) for item in found)
        named = {file.path: file for file in files}
        if MLMODEL not in named:
            raise missing_mlmodel(source)
        check_mlmodel_size(named[MLMODEL].size)  # before it is read
        about = parse_mlmodel(self._blobs.get(named[MLMODEL].digest))
        run = self._tracking.run(run_id) if run_id else None
        requirements = next((named[name].digest for name in REQUIREMENTS if name in named), None)
        return Taken(
            files=files,
            about=about,
            run_id=run_id,
            logged_model=model_id,
            root=address.root,
            source=source,
            metrics=_metrics(run),
            data_version=_trained_on(run),
            hypothesis=run.tags.get(HYPOTHESIS_TAG) if run else None,
            run_user=run.user if run else "",
            environment=(run.tags.get(ENVIRONMENT_TAG) if run else None) or requirements,
        )


def is_version_source(source: str) -> bool:
    """Whether an address names a registered version (``models:/name/3``), not a logged model."""
    return source.partition(":")[0].lower() == "models" and not source.startswith("models:/m-")


def _file(found: ArtifactFile, prefix: str) -> ModelFile:
    return ModelFile(path=found.path.removeprefix(prefix), digest=str(found.digest), size=found.size or 0)


def _metrics(run: Run | None) -> dict[str, float]:
    """What the run logged as numbers: a record's JSON has no word for infinity or NaN."""
    return {} if run is None else {m.key: m.value for m in run.metrics if math.isfinite(m.value)}


def _trained_on(run: Run | None) -> str | None:
    if run is None:
        return None
    if DATA_VERSION_TAG in run.tags:
        return run.tags[DATA_VERSION_TAG]
    trained = [item for item in run.inputs if item.tags.get(CONTEXT_TAG, "").lower() not in EVALUATION]
    tables = [item.data_version for item in trained if (item.data_version or "").startswith("ver_")]
    return tables[0] if tables else None
