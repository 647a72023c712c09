"""Models as MLflow writes them give the same answers here, with and without a frame around the numbers."""

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from tests.serving.gateways import INPUTS, ROW, save_model, small_model

from pomona.core.errors import Invalid, UserCodeFailed
from pomona.serving.gateway.columns import check_columns, columns_of_rows
from pomona.serving.gateway.engines import Answer, Engine, load_engine

PROBABILITY = Answer("probability")
NUMBERS = [{"type": "double", "name": name, "required": True} for name in "ab"]
ROWS = [ROW, {**ROW, "temp": 33.0}, {**ROW, "carrier": "never seen", "temp": None}]


def ask(engine: Engine, rows: list[dict[str, Any]], answer: Answer = PROBABILITY) -> list[Any]:
    return engine.predict(check_columns(engine.signature, columns_of_rows(rows)), answer)


def numbers(rows: int = 200):
    import pandas as pd

    frame = pd.DataFrame(
        {"a": [float(row % 7) for row in range(rows)], "b": [float(row % 3) for row in range(rows)]}
    )
    return frame, frame["a"] + frame["b"] > 4


@pytest.mark.parametrize("written_as", ["pickle", "cloudpickle", "skops"])
def test_scikit_learn_as_mlflow_saves_it(tmp_path: Path, written_as: str) -> None:
    import mlflow
    import pandas as pd

    model, frame = small_model(), pd.DataFrame(ROWS)
    trusted = ["sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]
    options = {"skops_trusted_types": trusted} if written_as == "skops" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.sklearn.save_model(
            model,
            tmp_path / "model",
            signature=mlflow.models.infer_signature(frame, model.predict(frame)),
            serialization_format=written_as,
            **options,
        )
    engine = load_engine(tmp_path / "model")
    assert engine.flavor == "sklearn"
    assert ask(engine, ROWS) == model.predict_proba(frame)[:, 1].tolist()
    assert ask(engine, ROWS, Answer("prediction")) == model.predict(frame).tolist()


def test_lightgbm_with_text_columns_as_categories(tmp_path: Path) -> None:
    import lightgbm
    import mlflow
    import pandas as pd

    frame = pd.DataFrame({"carrier": ["AA", "UA", "DL"] * 60, "hour": range(180)})
    trained = frame.astype({"carrier": "category"})
    model = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(trained, frame["carrier"] == "AA")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        signature = mlflow.models.infer_signature(frame, model.predict(trained))
        mlflow.lightgbm.save_model(model.booster_, tmp_path / "model", signature=signature)
    engine = load_engine(tmp_path / "model")
    rows = [{"carrier": "UA", "hour": 3}, {"carrier": "AA", "hour": 4}, {"carrier": "DL", "hour": 5}]
    categories = pd.CategoricalDtype(["AA", "DL", "UA"])
    expected = model.predict_proba(pd.DataFrame(rows).astype({"carrier": categories}))[:, 1]
    assert ask(engine, rows) == pytest.approx(expected.tolist())
    assert ask(engine, rows[:1]) == pytest.approx(expected[:1].tolist())


def test_any_python_function_through_mlflow(tmp_path: Path) -> None:
    import mlflow
    import pandas as pd

    frame, _ = numbers()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")

        class Doubler(mlflow.pyfunc.PythonModel):
            def predict(self, context, model_input: pd.DataFrame, params=None):
                return model_input["a"] * 2

        signature = mlflow.models.infer_signature(frame, frame["a"])
        mlflow.pyfunc.save_model(tmp_path / "model", python_model=Doubler(), signature=signature)
        engine = load_engine(tmp_path / "model")
    assert engine.flavor == "python_function"
    assert ask(engine, [{"a": 1.5, "b": 0.0}], Answer("prediction")) == [3.0]


def test_a_model_of_numbers_takes_bare_arrays_and_answers_the_same(tmp_path: Path) -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier

    frame, yes = numbers()
    model = HistGradientBoostingClassifier(max_iter=5).fit(frame, yes)
    engine = load_engine(save_model(tmp_path / "model", model, NUMBERS))
    assert engine.bare_arrays
    assert ask(engine, frame.to_dict("records")) == model.predict_proba(frame)[:, 1].tolist()


def test_a_model_that_looks_at_names_keeps_its_frame(tmp_path: Path) -> None:
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    frame, yes = numbers()
    model = make_pipeline(make_column_transformer((StandardScaler(), ["b"])), LogisticRegression()).fit(
        frame, yes
    )
    engine = load_engine(save_model(tmp_path / "model", model, NUMBERS))
    assert not engine.bare_arrays
    assert ask(engine, frame.to_dict("records")) == model.predict_proba(frame)[:, 1].tolist()


def test_the_positive_class_can_be_named(tmp_path: Path) -> None:
    from sklearn.linear_model import LogisticRegression

    frame, _ = numbers()
    model = LogisticRegression().fit(frame, [["low", "mid", "top"][row % 3] for row in range(len(frame))])
    engine = load_engine(save_model(tmp_path / "model", model, NUMBERS))
    assert not engine.can(PROBABILITY)  # which of three?
    assert not engine.can(Answer("probability", "none"))
    named = Answer("probability", "top")
    assert engine.can(named)
    assert (
        ask(engine, [{"a": 1.0, "b": 2.0}], named)
        == model.predict_proba(frame[:1] * 0 + [1.0, 2.0])[:, 2].tolist()
    )


def test_a_tensor_model_takes_vectors(tmp_path: Path) -> None:
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [1.0, 2.0, 3.0])
    inputs: list[dict[str, Any]] = [{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}]
    engine = load_engine(save_model(tmp_path / "model", model, inputs))
    expected = pytest.approx([3.0])
    assert ask(engine, [{"input": [1.0, 1.0]}], Answer("prediction")) == expected
    assert ask(engine, [{"x": 1.0, "y": 1}], Answer("prediction")) == expected


def test_what_is_no_model_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(Invalid, match="no MLmodel file"):
        load_engine(tmp_path / "empty")
    folder = save_model(tmp_path / "other", {})
    (folder / "MLmodel").write_text("flavors: {spark: {}}")
    with pytest.raises(Invalid, match="none of the flavors"):
        load_engine(folder)
    (folder / "MLmodel").write_text("flavors: [")
    with pytest.raises(Invalid, match="not YAML"):
        load_engine(folder)
    broken = save_model(tmp_path / "broken", {})
    (broken / "model.pkl").write_bytes(b"nonsense")
    with pytest.raises(UserCodeFailed, match="does not load"):
        load_engine(broken)


def test_a_model_with_too_few_answers_is_at_fault(tmp_path: Path) -> None:
    engine = Engine(flavor="test", signature=load_signature(), prediction=lambda frame: [1.0])
    with pytest.raises(UserCodeFailed, match="1 outputs for 3 rows"):
        ask(engine, ROWS, Answer("prediction"))


def load_signature():
    import json

    from pomona.serving.gateway.engines import read_signature

    return read_signature({"inputs": json.dumps(INPUTS)})


def test_a_gateway_starts_light() -> None:
    heavy = "sqlalchemy litestar numpy pandas scipy sklearn mlflow pomona.storage pomona.app"
    code = (
        "import sys, pomona.serving.gateway.process\n"
        f"print([name for name in {heavy.split()} if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (found.stdout.strip(), found.stderr) == ("[]", "")


@pytest.mark.parametrize("outside", ["/etc/passwd", "../other/model.pkl", "a/../../other"])
@pytest.mark.parametrize(
    "flavors",
    [
        {"sklearn": {"pickled_model": "OUTSIDE"}},
        {"sklearn": {"pickled_model": "model.pkl", "code": "OUTSIDE"}},
        {"lightgbm": {"data": "OUTSIDE"}},
        {"xgboost": {"data": "OUTSIDE"}},
        {"python_function": {"loader_module": "mlflow.sklearn", "model_path": "OUTSIDE"}},
        {"python_function": {"loader_module": "x", "artifacts": {"words": {"path": "OUTSIDE"}}}},
        {"python_function": {"loader_module": "mlflow.x"}, "x": {"model_data": "OUTSIDE"}},
    ],
    ids=["pickle", "code", "lightgbm", "xgboost", "pyfunc", "pyfunc artifacts", "read by pyfunc"],
)
def test_a_model_that_names_a_file_outside_its_folder_is_refused(
    tmp_path: Path, flavors: dict[str, Any], outside: str
) -> None:
    (tmp_path / "model").mkdir()
    declared = json.dumps({"flavors": flavors}).replace("OUTSIDE", outside)
    (tmp_path / "model" / "MLmodel").write_text(declared)  # JSON is YAML
    with pytest.raises(Invalid, match="outside the model's folder") as caught:
        load_engine(tmp_path / "model")
    assert caught.value.hint


@pytest.mark.parametrize(
    "described", ["flavors: 5", "flavors: [sklearn]", "- a", "x: !!timestamp pear", "{", ""]
)
def test_a_model_file_that_names_no_flavors_is_refused(tmp_path: Path, described: str) -> None:
    (tmp_path / "MLmodel").write_text(described)
    with pytest.raises(Invalid) as caught:
        load_engine(tmp_path)
    assert caught.value.hint


class Leaves:
    """Calls exit when it is loaded."""

    def __reduce__(self) -> Any:
        return sys.exit, (3,)


def test_a_model_that_calls_exit_while_it_loads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserCodeFailed, match="SystemExit"):
        load_engine(save_model(tmp_path / "model", Leaves()))
