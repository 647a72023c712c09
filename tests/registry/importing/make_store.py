"""Fills a store of MLflow with its own client and prints, as JSON, what that client then says is in it.

Run in a process of its own: the full mlflow does not belong into the tests' process.
"""

import json
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

import mlflow  # noqa: E402
import pandas as pd  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import ViewType  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402


def fill(uri: str, location: str | None, folder: Path) -> None:
    mlflow.set_tracking_uri(uri)
    client = MlflowClient()
    fruit = client.create_experiment("fruit", artifact_location=location, tags={"team": "orchard"})
    client.create_experiment("empty")
    frame = pd.DataFrame({"a": [0.0, 1, 2, 3], "b": [1.0, 0, 1, 0]})
    for number in range(3):
        with mlflow.start_run(experiment_id=fruit, run_name=f"pear {number}") as run:
            mlflow.log_params({"C": number, "long": "x" * 5000, "group/solver": "lbfgs"})
            for step in range(7):
                mlflow.log_metric("loss", 1 / (step + 1 + number), step=step)
            mlflow.log_metrics({"odd/nan": float("nan"), "one": 1.0})
            mlflow.set_tag("mlflow.note.content", "## Notes\nährlich")
            mlflow.log_input(mlflow.data.from_pandas(frame, name="xs"), context="training")
            mlflow.log_text(f"run {number}", "notes/deep/a b.txt")
            blob = folder / "blob.bin"
            blob.write_bytes(bytes(range(256)) * 50)
            mlflow.log_artifact(str(blob))
            if number < 2:
                model = LogisticRegression(C=number + 1).fit(frame, [0, 1, 0, 1])
                kind = "skops" if number else "cloudpickle"
                mlflow.sklearn.log_model(
                    model, name="model", registered_model_name="pears", serialization_format=kind
                )
    client.delete_run(run.info.run_id)
    client.set_registered_model_alias("pears", "best", 2)
    client.set_model_version_tag("pears", "2", "seen", "yes")
    client.update_model_version("pears", "2", description="the better one")
    warnings.simplefilter("ignore")
    client.transition_model_version_stage("pears", "2", "Staging")


def told(uri: str) -> dict[str, object]:
    mlflow.set_tracking_uri(uri)
    client = MlflowClient()
    homes = client.search_experiments(view_type=ViewType.ALL)
    runs = client.search_runs([home.experiment_id for home in homes], run_view_type=ViewType.ALL)
    return {"runs": {run.info.run_id: about(client, run) for run in runs}}


def about(client: MlflowClient, run: mlflow.entities.Run) -> dict[str, object]:
    found = run.info.run_id
    return {
        "info": [run.info.run_name, run.info.status, run.info.lifecycle_stage, run.info.start_time],
        "end": run.info.end_time,
        "params": run.data.params,
        "tags": run.data.tags,
        "latest": {key: str(value) for key, value in run.data.metrics.items()},
        "points": sorted(
            {
                (key, one.step, one.timestamp, str(one.value))
                for key in run.data.metrics
                for one in client.get_metric_history(found, key)
            }
        ),
        "inputs": [
            [
                one.dataset.name,
                one.dataset.digest,
                one.dataset.source,
                one.dataset.schema,
                one.dataset.profile,
            ]
            for one in run.inputs.dataset_inputs
        ],
        "outputs": [one.model_id for one in (run.outputs.model_outputs if run.outputs else [])],
        "files": files(client, found),
    }


def files(client: MlflowClient, run: str) -> dict[str, str]:
    found, folders = {}, [""]
    while folders:
        for one in client.list_artifacts(run, folders.pop()):
            if one.is_dir:
                folders.append(one.path)
            else:
                path = client.download_artifacts(run, one.path)
                found[one.path] = Path(path).read_bytes().hex()
    return found


if __name__ == "__main__":
    fill(sys.argv[1], sys.argv[2] or None, Path(sys.argv[3]))
    print("TOLD " + json.dumps(told(sys.argv[1])))
