"""What the kill test trains: a small model on rows with one telling column, logged as any other."""

import mlflow
import mlflow.sklearn
from sklearn.linear_model import LogisticRegression

import pomona


def main() -> None:
    rows = pomona.training_data().to_pandas()
    inputs, yes = rows[["a", "b"]], rows["yes"].astype(bool)
    with mlflow.start_run():
        model = LogisticRegression(C=float(pomona.params({"strength": 1.0})["strength"])).fit(inputs, yes)
        mlflow.log_metric("value_per_prediction", 1.0)
        mlflow.sklearn.log_model(
            model,
            name="model",
            input_example=inputs.head(2),
            serialization_format="skops",
            pip_requirements=[],
        )


if __name__ == "__main__":
    main()
