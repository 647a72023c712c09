"""XGBoost and LightGBM with autolog, Optuna with its MLflow callback, written for `mlflow server`."""

import warnings

import lightgbm
import mlflow
import numpy as np
import optuna
import xgboost
from optuna_integration import MLflowCallback

warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
features = rng.normal(size=(200, 3))
ripe = (features[:, 0] + rng.normal(scale=0.3, size=200) > 0).astype(int)
client = mlflow.MlflowClient()
mlflow.set_experiment("boosting")

mlflow.xgboost.autolog()
with mlflow.start_run(run_name="xgboost") as run:
    data = xgboost.DMatrix(features, label=ripe)
    booster = xgboost.train(
        {"objective": "binary:logistic", "eval_metric": "logloss", "max_depth": 2},
        data,
        num_boost_round=8,
        evals=[(data, "train")],
        verbose_eval=False,
    )
stored = client.get_run(run.info.run_id)
assert stored.data.params["max_depth"] == "2"
assert len(client.get_metric_history(run.info.run_id, "train-logloss")) == 8
model = stored.outputs.model_outputs[0].model_id
loaded = mlflow.pyfunc.load_model(f"models:/{model}")
assert np.allclose(loaded.predict(features), booster.predict(data), atol=1e-6)
mlflow.xgboost.autolog(disable=True)

mlflow.lightgbm.autolog()
with mlflow.start_run(run_name="lightgbm") as run:
    rows = lightgbm.Dataset(features, label=ripe)
    booster = lightgbm.train(
        {"objective": "binary", "num_leaves": 4, "verbose": -1},
        rows,
        num_boost_round=8,
        valid_sets=[rows],
        valid_names=["train"],
    )
stored = client.get_run(run.info.run_id)
assert stored.data.params["num_leaves"] == "4"
assert len(client.get_metric_history(run.info.run_id, "train-binary_logloss")) == 8
assert any(item.path.startswith("feature_importance") for item in client.list_artifacts(run.info.run_id))
mlflow.register_model(f"models:/{stored.outputs.model_outputs[0].model_id}", "boosted")
loaded = mlflow.pyfunc.load_model("models:/boosted/1")
assert np.allclose(loaded.predict(features), booster.predict(features), atol=1e-6)
mlflow.lightgbm.autolog(disable=True)

callback = MLflowCallback(tracking_uri=mlflow.get_tracking_uri(), metric_name="loss")
optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(study_name="tuned", sampler=optuna.samplers.RandomSampler(seed=0))
study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=5, callbacks=[callback])
found = mlflow.search_runs(experiment_names=["tuned"], order_by=["metrics.loss ASC"])
assert len(found) == 5
assert abs(found.loc[0, "metrics.loss"] - study.best_value) < 1e-9
assert abs(float(found.loc[0, "params.x"]) - study.best_params["x"]) < 1e-9
print("boosting script done")
