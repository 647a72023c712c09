"""An ordinary training script, as written for `mlflow server`: autolog, register, alias, load, search."""

import mlflow
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

mlflow.set_experiment("orchard")
mlflow.sklearn.autolog()
rng = np.random.default_rng(0)
frame = pd.DataFrame({"weight": rng.normal(size=200), "hue": rng.normal(size=200)})
ripe = (frame["weight"] + rng.normal(scale=0.3, size=200) > 0).astype(int)

with mlflow.start_run() as run:
    dataset = mlflow.data.from_pandas(frame.assign(ripe=ripe), name="fruit", targets="ripe")
    mlflow.log_input(dataset, context="training")
    model = LogisticRegression().fit(frame, ripe)
    mlflow.log_metric("holdout_accuracy", model.score(frame, ripe))
    mlflow.log_param("season", "autumn")
    mlflow.set_tag("team", "growers")
    mlflow.log_dict({"a": 1}, "notes/about.json")
    mlflow.sklearn.log_model(
        model, name="ripeness", registered_model_name="ripeness", input_example=frame[:2]
    )

client = mlflow.MlflowClient()
client.set_registered_model_alias("ripeness", "champion", "1")
loaded = mlflow.pyfunc.load_model("models:/ripeness@champion")
assert (loaded.predict(frame) == model.predict(frame)).all()
again = mlflow.sklearn.load_model("models:/ripeness/1")
assert (again.predict(frame) == model.predict(frame)).all()

found = mlflow.search_runs(
    experiment_names=["orchard"],
    filter_string="metrics.holdout_accuracy > 0.5 AND params.season = 'autumn' AND tags.team LIKE 'grow%'",
    order_by=["metrics.holdout_accuracy DESC"],
)
assert list(found["run_id"]) == [run.info.run_id]
assert found.loc[0, "params.C"] == "1.0"
assert mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/notes/about.json") == {"a": 1}
stored = client.get_run(run.info.run_id)
assert stored.info.status == "FINISHED"
assert {item.dataset.name for item in stored.inputs.dataset_inputs} >= {"fruit"}
assert "training_accuracy_score" in stored.data.metrics
assert [item.version for item in client.search_model_versions("name='ripeness'")] == ["1"]
second = mlflow.register_model(f"models:/{stored.outputs.model_outputs[0].model_id}", "ripeness")
assert second.version == "2"
print("ordinary script done")
